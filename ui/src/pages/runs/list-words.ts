interface ListWords {
  runs: string;
  underWay: string;
  ended: string;
  nothingUnderWay: string;
  nothingUnderWayHelp: string;
  nothingEnded: string;
  nothingEndedHelp: string;
  nothingFits: string;
  clearFilters: string;
  filterApp: string;
  filterState: string;
  all: string;
  states: Record<"running" | "done" | "failed" | "stopped", string>;
  more(count: number): string;
  kept: string;
  toActivity: string;
  toApps: string;
}

export const words: { en: ListWords; de: ListWords } = {
  en: {
    runs: "Runs",
    underWay: "Under way",
    ended: "Ended",
    nothingUnderWay: "Nothing runs",
    nothingUnderWayHelp: "Runs appear here as soon as they begin, whoever or whatever starts them.",
    nothingEnded: "Nothing has run yet",
    nothingEndedHelp: "Open an app and start one of its actions.",
    nothingFits: "No run fits these filters",
    clearFilters: "Show all runs",
    filterApp: "App",
    filterState: "State",
    all: "All",
    states: { running: "Under way", done: "Done", failed: "Failed", stopped: "Stopped" },
    more: (count) => (count === 1 ? "Show 1 more" : `Show ${count} more`),
    kept: "This list has the newest runs. Older ones are in the activity.",
    toActivity: "Open the activity",
    toApps: "To the apps",
  },
  de: {
    runs: "Läufe",
    underWay: "Im Gange",
    ended: "Beendet",
    nothingUnderWay: "Nichts läuft",
    nothingUnderWayHelp: "Läufe erscheinen hier, sobald sie beginnen, egal wer oder was sie startet.",
    nothingEnded: "Noch ist nichts gelaufen",
    nothingEndedHelp: "Öffne eine App und starte eine ihrer Aktionen.",
    nothingFits: "Zu diesen Filtern passt kein Lauf",
    clearFilters: "Alle Läufe zeigen",
    filterApp: "App",
    filterState: "Zustand",
    all: "Alle",
    states: { running: "Im Gange", done: "Fertig", failed: "Fehlgeschlagen", stopped: "Gestoppt" },
    more: (count) => (count === 1 ? "1 weiteren zeigen" : `${count} weitere zeigen`),
    kept: "Diese Liste hat die neuesten Läufe. Ältere stehen in der Aktivität.",
    toActivity: "Aktivität öffnen",
    toApps: "Zu den Apps",
  },
};
