interface QuestionWords {
  wants: string;
  label(app: string): string;
  run: string;
  content: string;
  contentRegion(app: string): string;
  showAll(characters: string): string;
  until(left: string): string;
  late: string;
  once: string;
  hour: string;
  always: string;
  no: string;
  give: string;
  choice(word: string, app: string): string;
  alwaysSets(line: string): string;
  alwaysHost(line: string): string;
  alwaysWhere: string;
  eachTime: string;
  file: string;
  folder: string;
  pickHelp: Record<"read" | "write", string>;
  notAbsolute: string;
  answered: Record<"once" | "hour" | "always" | "no" | "cancel", string>;
  given: string;
  cancel: string;
  formOf(app: string): string;
  serverSays(app: string): string;
  send: string;
  sent: string;
  openAt(host: string): string;
  openHelp: string;
  opened: string;
  elsewhere: string;
  saidElsewhere(app: string): string;
}

export const words: { en: QuestionWords; de: QuestionWords } = {
  en: {
    wants: "wants to",
    label: (app) => `Question of ${app}`,
    run: "To the run",
    content: "This is exactly what would leave:",
    contentRegion: (app) => `What ${app} would send`,
    showAll: (characters) => `Show all ${characters} characters`,
    until: (left) => `Without an answer it is a no, in ${left}.`,
    late: "Nobody answered in time, so it was a no.",
    once: "Once",
    hour: "For an hour",
    always: "Always",
    no: "No",
    give: "Give",
    choice: (word, app) => `${word}, ${app}`,
    alwaysSets: (line) => `“Always” sets the switch ${line} to Allow.`,
    alwaysHost: (line) => `“Always” sets the switch ${line} to Allow, for this host alone.`,
    alwaysWhere: "You can take it back under Grants",
    eachTime: "This is asked each time, whatever you allow.",
    file: "Path of the file",
    folder: "Path of the folder",
    pickHelp: {
      read: "The whole path on the machine where oikos runs. The app may read it in this run, and nothing else.",
      write: "The whole path on the machine where oikos runs. The app may write there in this run, and nowhere else.",
    },
    notAbsolute: "Write the whole path, from the root on, such as /home/ada/notes.csv.",
    answered: {
      once: "You said yes, this once.",
      hour: "You said yes, for an hour.",
      always: "You said yes, from now on.",
      no: "You said no.",
      cancel: "You left it unanswered.",
    },
    given: "You gave it, for this run.",
    cancel: "Leave unanswered",
    formOf: (app) => `Form of ${app}`,
    serverSays: (app) => `The server of ${app} says:`,
    send: "Send",
    sent: "You filled it in, and it was sent.",
    openAt: (host) => `Open ${host}`,
    openHelp:
      "It opens in a tab of its own. What you enter there goes to whoever runs that page, and oikos sees none of it.",
    opened: "You said that you open it.",
    elsewhere: "This needs no answer any more: it was answered elsewhere, came too late, or its run has ended.",
    saidElsewhere: (app) => `The question of ${app} needs no answer any more.`,
  },
  de: {
    wants: "möchte:",
    label: (app) => `Frage von ${app}`,
    run: "Zum Lauf",
    content: "Genau das würde hinausgehen:",
    contentRegion: (app) => `Was ${app} senden würde`,
    showAll: (characters) => `Alle ${characters} Zeichen zeigen`,
    until: (left) => `Ohne Antwort ist es ein Nein, in ${left}.`,
    late: "Niemand hat rechtzeitig geantwortet, also war es ein Nein.",
    once: "Dieses Mal",
    hour: "Eine Stunde lang",
    always: "Immer",
    no: "Nein",
    give: "Geben",
    choice: (word, app) => `${word}, ${app}`,
    alwaysSets: (line) => `„Immer“ stellt den Schalter ${line} auf Erlauben.`,
    alwaysHost: (line) => `„Immer“ stellt den Schalter ${line} auf Erlauben, nur für diesen Host.`,
    alwaysWhere: "Zurücknehmen kannst du es unter Rechte",
    eachTime: "Das wird jedes Mal gefragt, egal was du erlaubst.",
    file: "Pfad der Datei",
    folder: "Pfad des Ordners",
    pickHelp: {
      read: "Der ganze Pfad auf dem Rechner, auf dem oikos läuft. Die App darf in diesem Lauf das lesen und sonst nichts.",
      write:
        "Der ganze Pfad auf dem Rechner, auf dem oikos läuft. Die App darf in diesem Lauf dort schreiben und sonst nirgends.",
    },
    notAbsolute: "Schreib den ganzen Pfad, von der Wurzel an, zum Beispiel /home/ada/notizen.csv.",
    answered: {
      once: "Du hast Ja gesagt, dieses eine Mal.",
      hour: "Du hast Ja gesagt, für eine Stunde.",
      always: "Du hast Ja gesagt, von jetzt an.",
      no: "Du hast Nein gesagt.",
      cancel: "Du hast es offengelassen.",
    },
    given: "Du hast es gegeben, für diesen Lauf.",
    cancel: "Offenlassen",
    formOf: (app) => `Formular von ${app}`,
    serverSays: (app) => `Der Server von ${app} sagt:`,
    send: "Senden",
    sent: "Du hast es ausgefüllt, und es wurde gesendet.",
    openAt: (host) => `${host} öffnen`,
    openHelp:
      "Es öffnet sich in einem eigenen Tab. Was du dort eingibst, geht an die, die diese Seite betreiben; oikos sieht nichts davon.",
    opened: "Du hast gesagt, dass du es öffnest.",
    elsewhere: "Das braucht keine Antwort mehr: Sie wurde anderswo gegeben, kam zu spät, oder der Lauf ist zu Ende.",
    saidElsewhere: (app) => `Die Frage von ${app} braucht keine Antwort mehr.`,
  },
};
