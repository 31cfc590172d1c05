interface RunWords {
  toApp: string;
  toActivity: string;
  unknownRun: string;
  gone: string;
  goneHelp: string;
  toRuns: string;
  tabs: string;
  tab: Record<"result" | "log" | "input" | "reach", string>;
  again: string;
  undo: string;
  undoTitle: string;
  undoLead: string;
  undoConflict: string;
  undone: string;
  undoneNothing: string;
  activity: string;
  questions: string;
  saying: string;
  progress: string;
  waiting: string;
  noResult: string;
  failedTitle: string;
  stoppedTitle: string;
  stoppedLead: string;
  interruptedTitle: string;
  interruptedLead: string;
  code: string;
  next: string;
  missed(count: number): string;
  earlier(count: number): string;
  copyText: string;
  copied: string;
  files: string;
  save: string;
  saveFile(name: string): string;
  saved: string;
  did: string;
  didNothing: string;
  didNothingYet: string;
  didMore(count: number): string;
  network: string;
  noNetwork: string;
  networkYet: string;
  host: string;
  requests: string;
  sent: string;
  received: string;
  otherHosts: string;
  kept: string;
  usage: string;
  usageTime: string;
  usageComputing: string;
  usageHost: string;
  usageMemory: string;
  usageMoved: string;
  usageDropped: string;
  mayDo: string;
  mayDoNow: string;
  appGone: string;
  log: string;
  level: Record<"debug" | "info" | "warn" | "error", string>;
  filterLog: string;
  follow: string;
  copyLog: string;
  noLog: string;
  noLogYet: string;
  noLogKept: string;
  noLogFits: string;
  lines(shown: number, all: number): string;
  noInput: string;
  unknownInput: string;
  unknownInputHelp: string;
  filesGiven: string;
  fileDevice: string;
}

export const words: { en: RunWords; de: RunWords } = {
  en: {
    toApp: "To the app",
    toActivity: "Open the activity",
    unknownRun: "Run",
    gone: "This run is not known any more",
    goneHelp: "oikos keeps the newest runs. What older ones did is in the activity.",
    toRuns: "To the runs",
    tabs: "Parts of this run",
    tab: { result: "Result", log: "Log", input: "Input", reach: "What it could reach" },
    again: "Run again",
    undo: "Undo",
    undoTitle: "Take back what this run did?",
    undoLead:
      "Files are put back as they were before it. What was sent over the network stays sent. This is what it did:",
    undoConflict: "If a file has changed since, nothing is touched and you are told which.",
    undone: "Taken back",
    undoneNothing: "There was nothing left to take back.",
    activity: "Activity of this run",
    questions: "It asks you",
    saying: "What it says",
    progress: "Progress",
    waiting: "It has said nothing yet.",
    noResult: "It ended without a result.",
    failedTitle: "It failed",
    stoppedTitle: "You stopped it",
    stoppedLead: "What it had said and done until then stays below.",
    interruptedTitle: "It was interrupted: oikos itself ended while it ran",
    interruptedLead: "Look at the files that it was working on before you rely on them; the activity names them.",
    code: "Code",
    next: "What you can do:",
    missed: (count) =>
      count === 1 ? "1 earlier step is not kept any more." : `${count} earlier steps are not kept any more.`,
    earlier: (count) => (count === 1 ? "Show 1 earlier part" : `Show ${count} earlier parts`),
    copyText: "Copy text",
    copied: "Copied.",
    files: "Files it wrote for you",
    save: "Save",
    saveFile: (name) => `Save ${name}`,
    saved: "Saved.",
    did: "What it did",
    didNothing: "Nothing outside its sandbox.",
    didNothingYet: "Known when it has ended. The activity tells it as it happens.",
    didMore: (count) => `and ${count} more in the activity`,
    network: "Network",
    noNetwork: "It exchanged nothing with any host.",
    networkYet: "Known when it has ended.",
    host: "Host",
    requests: "Requests",
    sent: "Sent",
    received: "Received",
    otherHosts: "All other hosts",
    kept: "How its program was kept",
    usage: "What it used",
    usageTime: "Time",
    usageComputing: "Computing by the app",
    usageHost: "Computing by oikos for it",
    usageMemory: "Memory, at most",
    usageMoved: "Moved by its effects",
    usageDropped: "Log lines dropped",
    mayDo: "What it may do",
    mayDoNow: "As granted now; it may have been otherwise when it ran.",
    appGone: "This app is not installed any more.",
    log: "Log of this run",
    level: { debug: "debug", info: "info", warn: "warning", error: "error" },
    filterLog: "Only lines with",
    follow: "Follow",
    copyLog: "Copy log",
    noLog: "It wrote no log.",
    noLogYet: "It has written no log yet.",
    noLogKept: "It wrote no log, or its log is not kept any more: oikos keeps the logs of the last runs only.",
    noLogFits: "No line holds this text.",
    lines: (shown, all) => (shown === all ? `${all} lines` : `${shown} of ${all} lines`),
    noInput: "It began without input.",
    unknownInput: "This window does not know the input",
    unknownInputHelp:
      "The input of a run is known to the window that started it, until it is closed. oikos does not keep it.",
    filesGiven: "Files it was given",
    fileDevice: "from this device",
  },
  de: {
    toApp: "Zur App",
    toActivity: "Aktivität öffnen",
    unknownRun: "Lauf",
    gone: "Dieser Lauf ist nicht mehr bekannt",
    goneHelp: "oikos behält die neuesten Läufe. Was ältere getan haben, steht in der Aktivität.",
    toRuns: "Zu den Läufen",
    tabs: "Teile dieses Laufs",
    tab: { result: "Ergebnis", log: "Protokoll", input: "Eingabe", reach: "Was er erreichen konnte" },
    again: "Noch einmal",
    undo: "Rückgängig machen",
    undoTitle: "Zurücknehmen, was dieser Lauf getan hat?",
    undoLead:
      "Dateien werden so zurückgelegt, wie sie davor waren. Was übers Netz gesendet wurde, bleibt gesendet. Das hat er getan:",
    undoConflict: "Hat sich eine Datei seither geändert, wird nichts angerührt, und du erfährst, welche es ist.",
    undone: "Zurückgenommen",
    undoneNothing: "Es war nichts mehr zurückzunehmen.",
    activity: "Aktivität dieses Laufs",
    questions: "Er fragt dich",
    saying: "Was er sagt",
    progress: "Fortschritt",
    waiting: "Er hat noch nichts gesagt.",
    noResult: "Er endete ohne Ergebnis.",
    failedTitle: "Er ist fehlgeschlagen",
    stoppedTitle: "Du hast ihn gestoppt",
    stoppedLead: "Was er bis dahin gesagt und getan hat, steht weiter darunter.",
    interruptedTitle: "Er wurde unterbrochen: oikos selbst endete, während er lief",
    interruptedLead:
      "Sieh dir die Dateien an, an denen er gearbeitet hat, bevor du dich auf sie verlässt; die Aktivität nennt sie.",
    code: "Code",
    next: "Was du tun kannst:",
    missed: (count) =>
      count === 1 ? "1 früherer Schritt ist nicht mehr da." : `${count} frühere Schritte sind nicht mehr da.`,
    earlier: (count) => (count === 1 ? "1 früheren Teil zeigen" : `${count} frühere Teile zeigen`),
    copyText: "Text kopieren",
    copied: "Kopiert.",
    files: "Dateien, die er für dich geschrieben hat",
    save: "Sichern",
    saveFile: (name) => `Sichern: ${name}`,
    saved: "Gesichert.",
    did: "Was er getan hat",
    didNothing: "Nichts außerhalb seiner Sandbox.",
    didNothingYet: "Steht fest, wenn er zu Ende ist. Die Aktivität erzählt es, während es geschieht.",
    didMore: (count) => `und ${count} weitere in der Aktivität`,
    network: "Netz",
    noNetwork: "Er hat mit keinem Rechner etwas ausgetauscht.",
    networkYet: "Steht fest, wenn er zu Ende ist.",
    host: "Rechner",
    requests: "Anfragen",
    sent: "Gesendet",
    received: "Empfangen",
    otherHosts: "Alle übrigen Rechner",
    kept: "Wie sein Programm gehalten wurde",
    usage: "Was er verbraucht hat",
    usageTime: "Zeit",
    usageComputing: "Rechenzeit der App",
    usageHost: "Rechenzeit von oikos für sie",
    usageMemory: "Arbeitsspeicher, höchstens",
    usageMoved: "Von ihren Zugriffen bewegt",
    usageDropped: "Ausgelassene Protokollzeilen",
    mayDo: "Was die App darf",
    mayDoNow: "So wie es jetzt gilt; beim Lauf kann es anders gewesen sein.",
    appGone: "Diese App ist nicht mehr installiert.",
    log: "Protokoll dieses Laufs",
    level: { debug: "Detail", info: "Info", warn: "Warnung", error: "Fehler" },
    filterLog: "Nur Zeilen mit",
    follow: "Mitlaufen",
    copyLog: "Protokoll kopieren",
    noLog: "Er hat kein Protokoll geschrieben.",
    noLogYet: "Er hat noch kein Protokoll geschrieben.",
    noLogKept:
      "Er hat kein Protokoll geschrieben, oder es ist nicht mehr da: oikos behält nur die Protokolle der letzten Läufe.",
    noLogFits: "Keine Zeile enthält diesen Text.",
    lines: (shown, all) => (shown === all ? `${all} Zeilen` : `${shown} von ${all} Zeilen`),
    noInput: "Er begann ohne Eingabe.",
    unknownInput: "Dieses Fenster kennt die Eingabe nicht",
    unknownInputHelp:
      "Die Eingabe eines Laufs kennt nur das Fenster, das ihn gestartet hat, bis es geschlossen wird. oikos behält sie nicht.",
    filesGiven: "Dateien, die er bekam",
    fileDevice: "von diesem Gerät",
  },
};
