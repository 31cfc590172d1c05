import type { FailureCode } from "./state";

interface RunWords {
  runs: string;
  // Starting
  startLead(app: string): { before: string; after: string };
  run: string;
  running: string;
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
  reachBefore: string;
  reachSummary: string;
  nothingReached: string;
  toGrants: string;
  may: string;
  asks: string;
  never: string;
  limits: string;
  restored: string;
  startAnew: string;
  // Files
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
  missingFile(label: string): string;
  // The list
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
  stop: string;
  stopRun(app: string, action: string): string;
  stopping: string;
  stoppedNow: string;
  because: string;
  took: string;
  columns: { run: string; state: string; when: string; took: string };
  // One run
  runOf(action: string): string;
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
  noWords: string;
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
  notWritten: string;
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
  // Log
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
  // Input
  noInput: string;
  unknownInput: string;
  unknownInputHelp: string;
  filesGiven: string;
  fileDevice: string;
  // How it ended
  state: Record<"running" | "done" | "failed" | "stopped" | "interrupted", string>;
  failed: Partial<Record<FailureCode, string>>;
  failedMeaning: Partial<Record<FailureCode, string>>;
}

const en: RunWords = {
  runs: "Runs",
  startLead: () => ({ before: "of", after: "" }),
  run: "Run",
  running: "Starting …",
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
  reachBefore: "What it could reach",
  reachSummary: "Before it starts",
  nothingReached: "It may reach nothing outside its sandbox.",
  toGrants: "Change what it may do",
  may: "It may",
  asks: "It asks before it may",
  never: "It never may",
  limits: "Its limits",
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
  missingFile: (label) => `Choose “${label}” first.`,
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
  stop: "Stop",
  stopRun: (app, action) => `Stop run of ${app}: ${action}`,
  stopping: "Stopping …",
  stoppedNow: "Stopped.",
  because: "Started by",
  took: "took",
  columns: { run: "Run", state: "State", when: "When", took: "Took" },
  runOf: (action) => `Run: ${action}`,
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
  noWords: "What it said on the way is not kept any more.",
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
  notWritten: "The file can be saved when the run has ended.",
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
  state: {
    running: "Under way",
    done: "Done",
    failed: "Failed",
    stopped: "Stopped by you",
    interrupted: "Interrupted",
  },
  failed: {
    timeout: "Time limit",
    cpu_limit: "Computing limit",
    memory_limit: "Memory limit",
    stream_limit: "Output limit",
    operation_limit: "Limit reached",
    host_limit: "Limit reached",
    event_limit: "Limit reached",
    too_large: "Limit reached",
    quota_exceeded: "Storage full",
    permission_denied: "Not allowed",
    network_failed: "Network failed",
    disk_full: "Disk full",
    host_busy: "No room",
  },
  failedMeaning: {
    app_failed: "The app's own code threw an error.",
    permission_denied: "It wanted something that it may not do, or that nobody allowed when it asked.",
    timeout: "It took longer than it may, or made no progress for too long.",
    cpu_limit: "It used up its computing time.",
    memory_limit: "It used up its memory.",
    stream_limit: "It said more than a run may say.",
    operation_limit: "It wanted too much at once.",
    host_limit: "The work that oikos did for it reached its limit.",
    event_limit: "It sent more events than an app may send.",
    too_large: "Something it handed over is larger than one call may carry.",
    quota_exceeded: "The storage of the app is full.",
    network_failed: "A host could not be reached, or did not answer as it should.",
    disk_full: "There was no room to write.",
    host_busy: "The machine had no room for this run.",
    file_unusable: "A file or folder could not be used.",
    invalid_input: "The input does not fit what the action asks for.",
    conflict: "Something changed in between, so going on would have lost work.",
    not_available: "This part of oikos is not in this version.",
    app_stopped: "The app's code cannot be loaded.",
    lease_revoked: "It lost its right to go on.",
    internal: "A fault of oikos itself; its log has the details.",
  },
};

const de: RunWords = {
  runs: "Läufe",
  startLead: () => ({ before: "von", after: "" }),
  run: "Starten",
  running: "Startet …",
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
  reachBefore: "Worauf sie zugreifen könnte",
  reachSummary: "Vor dem Start",
  nothingReached: "Außerhalb ihrer Sandbox darf sie nichts erreichen.",
  toGrants: "Ändern, was sie darf",
  may: "Sie darf",
  asks: "Sie fragt, bevor sie darf",
  never: "Sie darf nie",
  limits: "Ihre Grenzen",
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
  missingFile: (label) => `Wähle zuerst „${label}“.`,
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
  stop: "Stopp",
  stopRun: (app, action) => `Stopp: Lauf von ${app}, ${action}`,
  stopping: "Stoppt …",
  stoppedNow: "Gestoppt.",
  because: "Gestartet durch",
  took: "dauerte",
  columns: { run: "Lauf", state: "Zustand", when: "Wann", took: "Dauer" },
  runOf: (action) => `Lauf: ${action}`,
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
  noWords: "Was er unterwegs gesagt hat, ist nicht mehr da.",
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
  notWritten: "Die Datei lässt sich sichern, wenn der Lauf zu Ende ist.",
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
  state: {
    running: "Im Gange",
    done: "Fertig",
    failed: "Fehlgeschlagen",
    stopped: "Von dir gestoppt",
    interrupted: "Unterbrochen",
  },
  failed: {
    timeout: "Zeitgrenze",
    cpu_limit: "Rechenzeitgrenze",
    memory_limit: "Speichergrenze",
    stream_limit: "Ausgabegrenze",
    operation_limit: "Grenze erreicht",
    host_limit: "Grenze erreicht",
    event_limit: "Grenze erreicht",
    too_large: "Grenze erreicht",
    quota_exceeded: "Speicher voll",
    permission_denied: "Nicht erlaubt",
    network_failed: "Netzfehler",
    disk_full: "Platte voll",
    host_busy: "Kein Platz",
  },
  failedMeaning: {
    app_failed: "Im Code der App ist ein Fehler aufgetreten.",
    permission_denied: "Er wollte etwas, das er nicht darf oder das niemand erlaubt hat, als er fragte.",
    timeout: "Er brauchte länger, als er darf, oder kam zu lange nicht voran.",
    cpu_limit: "Seine Rechenzeit ist aufgebraucht.",
    memory_limit: "Sein Arbeitsspeicher ist aufgebraucht.",
    stream_limit: "Er hat mehr gesagt, als ein Lauf sagen darf.",
    operation_limit: "Er wollte zu viel auf einmal.",
    host_limit: "Die Arbeit, die oikos für ihn getan hat, hat ihre Grenze erreicht.",
    event_limit: "Er hat mehr Ereignisse gesendet, als eine App darf.",
    too_large: "Etwas, das er übergeben hat, ist größer, als ein Aufruf tragen kann.",
    quota_exceeded: "Der Speicher der App ist voll.",
    network_failed: "Ein Rechner war nicht zu erreichen oder antwortete nicht, wie er sollte.",
    disk_full: "Zum Schreiben war kein Platz.",
    host_busy: "Der Rechner hatte für diesen Lauf keinen Platz.",
    file_unusable: "Eine Datei oder ein Ordner war nicht zu gebrauchen.",
    invalid_input: "Die Eingabe passt nicht zu dem, was die Aktion verlangt.",
    conflict: "Zwischendurch hat sich etwas geändert; weiterzumachen hätte Arbeit gekostet.",
    not_available: "Dieser Teil von oikos ist in dieser Version nicht enthalten.",
    app_stopped: "Der Code der App lässt sich nicht laden.",
    lease_revoked: "Er hat sein Recht verloren weiterzulaufen.",
    internal: "Ein Fehler von oikos selbst; Näheres steht in seinem Protokoll.",
  },
};

export const words = { en, de };
