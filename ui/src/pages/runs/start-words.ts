interface StartWords {
  run: string;
  asForm: string;
  asJson: string;
  inputAs: string;
  jsonLabel: string;
  jsonHelp: string;
  jsonWrong(why: string): string;
  noSuchAction: string;
  noSuchActionHelp: string;
  toApp: string;
  disabled: string;
  disabledHelp: string;
  broken: string;
  standings: Record<"waits" | "gone" | "blocked", string>;
  toServer: string;
  reachBefore: string;
  restored: string;
  startAnew: string;
  wayLegend(label: string): string;
  device: string;
  here: string;
  pathFile: string;
  pathFolder: string;
  pathHelp: Record<"read" | "write", string>;
  notAbsolute: string;
  newName: string;
  newNameHelp: string;
  tooLarge(most: string): string;
  chosen(name: string, size: string): string;
  handedBefore: string;
  chooseAnother: string;
  handing(name: string): string;
  handed(sent: string, total: string): string;
  cancel: string;
  cancelHanding(name: string): string;
  cancelled: string;
}

export const words: { en: StartWords; de: StartWords } = {
  en: {
    run: "Run",
    asForm: "Form",
    asJson: "JSON",
    inputAs: "Fill in as",
    jsonLabel: "The whole input",
    jsonHelp: "A JSON object. Files are chosen below it.",
    jsonWrong: (why) => `This is not JSON: ${why}`,
    noSuchAction: "This app has no such action",
    noSuchActionHelp: "It may have gone with an upgrade.",
    toApp: "To the app",
    disabled: "This app is switched off",
    disabledHelp: "Switch it on first; then it can be started.",
    broken: "The code of this app cannot be loaded",
    standings: {
      waits: "This tool waits for your yes before it can be called",
      gone: "Its server does not offer this tool any more",
      blocked: "You have blocked this tool",
    },
    toServer: "To the server's tools",
    reachBefore: "What it could reach",
    restored: "Filled in as you left it.",
    startAnew: "Empty the form",
    wayLegend: (label) => `Where “${label}” is`,
    device: "This device",
    here: "Where oikos runs",
    pathFile: "Path of the file",
    pathFolder: "Path of the folder",
    pathHelp: {
      read: "The whole path on the machine where oikos runs. Naming it lets this one run read it.",
      write: "The whole path on the machine where oikos runs. Naming it lets this one run write it.",
    },
    notAbsolute: "A whole path begins with / (or a drive letter).",
    newName: "Name of the new file",
    newNameHelp: "The run writes it; afterwards you can save it to this device.",
    tooLarge: (most) => `This file is too large to be handed over (at most ${most}). Name its path where oikos runs.`,
    chosen: (name, size) => `${name} (${size})`,
    handedBefore: "Handed over for the run before, and still there.",
    chooseAnother: "Choose another file",
    handing: (name) => `Handing over ${name}`,
    handed: (sent, total) => `${sent} of ${total}`,
    cancel: "Cancel",
    cancelHanding: (name) => `Cancel handing over ${name}`,
    cancelled: "Cancelled. Nothing was started.",
  },
  de: {
    run: "Starten",
    asForm: "Formular",
    asJson: "JSON",
    inputAs: "Eingeben als",
    jsonLabel: "Die ganze Eingabe",
    jsonHelp: "Ein JSON-Objekt. Dateien wählst du darunter.",
    jsonWrong: (why) => `Das ist kein JSON: ${why}`,
    noSuchAction: "Diese Aktion hat die App nicht",
    noSuchActionHelp: "Vielleicht ist sie mit einer neuen Version weggefallen.",
    toApp: "Zur App",
    disabled: "Diese App ist ausgeschaltet",
    disabledHelp: "Schalte sie erst ein, dann lässt sie sich starten.",
    broken: "Der Code dieser App lässt sich nicht laden",
    standings: {
      waits: "Dieses Werkzeug wartet auf dein Ja, bevor es sich aufrufen lässt",
      gone: "Sein Server bietet dieses Werkzeug nicht mehr an",
      blocked: "Du hast dieses Werkzeug gesperrt",
    },
    toServer: "Zu den Werkzeugen des Servers",
    reachBefore: "Worauf sie zugreifen könnte",
    restored: "Ausgefüllt, wie du es verlassen hast.",
    startAnew: "Formular leeren",
    wayLegend: (label) => `Wo „${label}“ liegt`,
    device: "Dieses Gerät",
    here: "Wo oikos läuft",
    pathFile: "Pfad der Datei",
    pathFolder: "Pfad des Ordners",
    pathHelp: {
      read: "Der ganze Pfad auf dem Rechner, auf dem oikos läuft. Damit darf dieser eine Lauf sie lesen.",
      write: "Der ganze Pfad auf dem Rechner, auf dem oikos läuft. Damit darf dieser eine Lauf dort schreiben.",
    },
    notAbsolute: "Ein ganzer Pfad beginnt mit / (oder einem Laufwerksbuchstaben).",
    newName: "Name der neuen Datei",
    newNameHelp: "Der Lauf schreibt sie; danach kannst du sie auf diesem Gerät sichern.",
    tooLarge: (most) =>
      `Diese Datei ist zu groß zum Übergeben (höchstens ${most}). Nenne ihren Pfad auf dem Rechner, auf dem oikos läuft.`,
    chosen: (name, size) => `${name} (${size})`,
    handedBefore: "Für den Lauf davor übergeben und noch da.",
    chooseAnother: "Andere Datei wählen",
    handing: (name) => `${name} wird übergeben`,
    handed: (sent, total) => `${sent} von ${total}`,
    cancel: "Abbrechen",
    cancelHanding: (name) => `Abbrechen: Übergeben von ${name}`,
    cancelled: "Abgebrochen. Es wurde nichts gestartet.",
  },
};
