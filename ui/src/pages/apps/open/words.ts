interface OpenWords {
  close: string;
  closeOf(app: string): string;
  reaches: string;
  again: string;
  refused: string;
  touch: string;
  off: string;
  offHelp: string;
  noPage: string;
  noPageHelp: string;
  toApp: string;
}

export const words: { en: OpenWords; de: OpenWords } = {
  en: {
    close: "Close",
    closeOf: (app) => `Close ${app}`,
    reaches: "Reaches nothing: it runs in this browser and only draws.",
    again: "Open again",
    refused: "It is not opened",
    touch: "What it may touch",
    off: "It cannot be opened now",
    offHelp: "It is turned off, or not ready yet. Its own page says why.",
    noPage: "This app is not a page",
    noPageHelp: "It is started by its actions.",
    toApp: "To the app",
  },
  de: {
    close: "Schließen",
    closeOf: (app) => `${app} schließen`,
    reaches: "Erreicht nichts: Sie läuft in diesem Browser und zeichnet nur.",
    again: "Noch einmal öffnen",
    refused: "Sie wird nicht geöffnet",
    touch: "Was sie anfassen darf",
    off: "Sie lässt sich gerade nicht öffnen",
    offHelp: "Sie ist ausgeschaltet oder noch nicht bereit. Auf ihrer eigenen Seite steht, warum.",
    noPage: "Diese App ist keine Seite",
    noPageHelp: "Sie wird über ihre Aktionen gestartet.",
    toApp: "Zur App",
  },
};
