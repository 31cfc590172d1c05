import type { Way } from "./clients";
import type { ClientState } from "./Here";

interface ConnectWords {
  title: string;
  lead: string;
  address: string;
  addressHelp: string;
  clients: string;
  any: string;
  quick: string;
  quickHelp(client: string): string;
  states: Record<ClientState, string>;
  stateHelp(state: ClientState, client: string): string;
  itsFile: string;
  would: string;
  didChange: string;
  nothing: string;
  copyWould(place: string): string;
  copyLies(place: string): string;
  noCopy: string;
  show: string;
  connectIt(client: string): string;
  takeOut(client: string): string;
  isConnected(client: string): string;
  isOut(client: string): string;
  anew(client: string): string;
  same: string;
  lookAgain: string;
  byHand: string;
  how: string;
  ways: Record<Way, string>;
  wayHelp: Record<Way, string>;
  onlyProgram(client: string): string;
  key: string;
  keyLead: string;
  keyName: string;
  keyNameHelp: string;
  keyNameWrong: string;
  make: string;
  once: string;
  secret: string;
  keys: string;
  file: string;
  line: string;
  lines: string;
  linesHelp: Record<"file" | "line" | "any", string>;
  copy: string;
  copyOf: string;
  placeholder: string;
  noKey: string;
}

export const words: { en: ConnectWords; de: ConnectWords } = {
  en: {
    title: "Connect a client",
    lead: "Programs that speak MCP can call the tools of every app that is switched on here: as far as you allow it, each call a run in your log, and what has to be asked is asked on this page.",
    address: "Address for clients",
    addressHelp: "Nobody is let in here without a key of yours.",
    clients: "Which client",
    any: "Any other",
    quick: "In one step",
    quickHelp: (client) =>
      `On the computer where oikos and ${client} are. It writes the client's file, keeps a copy of what was there, and leaves all else in it as it is.`,
    states: {
      connected: "Connected",
      not: "Not connected",
      absent: "Not set up here",
      unreadable: "Its file cannot be read",
    },
    stateHelp: (state, client) =>
      ({
        connected: `${client} starts oikos as one of its servers.`,
        not: `oikos is not among the servers of ${client}.`,
        absent: `${client} has no file for servers on this computer yet. Connecting it makes one.`,
        unreadable: `Nothing is changed in a file that cannot be read as ${client} reads it. Mend it first.`,
      })[state],
    itsFile: "Its file:",
    would: "What would change",
    didChange: "What was changed",
    nothing: "Nothing in its file would change.",
    copyWould: (place) => `What is there now would be kept as ${place}`,
    copyLies: (place) => `What was there before lies in ${place}`,
    noCopy: "There is nothing of before to keep.",
    show: "Show what would change",
    connectIt: (client) => `Connect ${client}`,
    takeOut: (client) => `Take oikos out of ${client}`,
    isConnected: (client) => `${client} is connected.`,
    isOut: (client) => `oikos is out of ${client}.`,
    anew: (client) => `Start ${client} anew, so that it reads its file.`,
    same: "The same on the command line:",
    lookAgain: "Look again",
    byHand: "By hand",
    how: "How it reaches oikos",
    ways: { address: "By its address", program: "As a program" },
    wayHelp: {
      address: "The client calls the address above, with a key of its own.",
      program: "The client starts oikos itself, on the same computer. It needs no key.",
    },
    onlyProgram: (client) => `${client} starts servers as programs and takes no address from its file.`,
    key: "A key for this client",
    keyLead:
      "Each client gets its own, so that you can end one without the others. It may see and run, and never allow, answer or install.",
    keyName: "Name of the key",
    keyNameHelp: "What it is for. Small letters, digits and -.",
    keyNameWrong: "Up to 64 small letters, digits and -, beginning with a letter.",
    make: "Make a key",
    once: "This is the only time you see the key: it stands in the lines below until you leave this page. Nobody can show it again, not even oikos.",
    secret: "API key",
    keys: "All keys",
    file: "In this file:",
    line: "On the command line:",
    lines: "What the client needs",
    linesHelp: {
      file: "Where the file has servers already, put only the part named oikos among them. Then start the client anew.",
      line: "It is kept in the client's own settings.",
      any: "Streamable HTTP at this address, with this header on each request.",
    },
    copy: "Copy",
    copyOf: "Copy what the client needs",
    placeholder: "YOUR_KEY",
    noKey: "Make a key first: it takes the place of YOUR_KEY.",
  },
  de: {
    title: "Einen Client verbinden",
    lead: "Programme, die MCP sprechen, können die Werkzeuge jeder App aufrufen, die hier eingeschaltet ist: so weit du es erlaubst, jeder Aufruf ein Lauf in deinem Protokoll, und was zu fragen ist, wird auf dieser Seite gefragt.",
    address: "Adresse für Clients",
    addressHelp: "Ohne einen Schlüssel von dir kommt hier niemand herein.",
    clients: "Welcher Client",
    any: "Ein anderer",
    quick: "In einem Schritt",
    quickHelp: (client) =>
      `Auf dem Rechner, auf dem oikos und ${client} sind. Das schreibt die Datei des Clients, hebt eine Kopie von vorher auf und lässt alles andere darin, wie es ist.`,
    states: {
      connected: "Verbunden",
      not: "Nicht verbunden",
      absent: "Hier nicht eingerichtet",
      unreadable: "Seine Datei ist nicht lesbar",
    },
    stateHelp: (state, client) =>
      ({
        connected: `${client} startet oikos als einen seiner Server.`,
        not: `oikos ist nicht unter den Servern von ${client}.`,
        absent: `${client} hat auf diesem Rechner noch keine Datei für Server. Verbinden legt eine an.`,
        unreadable: `In einer Datei, die sich nicht so lesen lässt, wie ${client} sie liest, wird nichts geändert. Bring sie zuerst in Ordnung.`,
      })[state],
    itsFile: "Seine Datei:",
    would: "Was sich ändern würde",
    didChange: "Was geändert wurde",
    nothing: "In seiner Datei würde sich nichts ändern.",
    copyWould: (place) => `Was jetzt dort steht, bliebe erhalten als ${place}`,
    copyLies: (place) => `Was vorher dort stand, liegt in ${place}`,
    noCopy: "Von vorher gibt es nichts aufzuheben.",
    show: "Zeigen, was sich ändern würde",
    connectIt: (client) => `${client} verbinden`,
    takeOut: (client) => `oikos aus ${client} nehmen`,
    isConnected: (client) => `${client} ist verbunden.`,
    isOut: (client) => `oikos ist aus ${client} heraus.`,
    anew: (client) => `Starte ${client} neu, damit es seine Datei liest.`,
    same: "Dasselbe auf der Kommandozeile:",
    lookAgain: "Noch einmal nachsehen",
    byHand: "Von Hand",
    how: "Wie er oikos erreicht",
    ways: { address: "Über die Adresse", program: "Als Programm" },
    wayHelp: {
      address: "Der Client ruft die Adresse oben auf, mit einem eigenen Schlüssel.",
      program: "Der Client startet oikos selbst, auf demselben Rechner. Er braucht keinen Schlüssel.",
    },
    onlyProgram: (client) => `${client} startet Server als Programme und nimmt aus seiner Datei keine Adresse.`,
    key: "Ein Schlüssel für diesen Client",
    keyLead:
      "Jeder Client bekommt einen eigenen, damit du einen ohne die anderen beenden kannst. Er darf sehen und ausführen, aber nie erlauben, antworten oder installieren.",
    keyName: "Name des Schlüssels",
    keyNameHelp: "Wofür er ist. Kleine Buchstaben, Ziffern und -.",
    keyNameWrong: "Bis zu 64 kleine Buchstaben, Ziffern und -, am Anfang ein Buchstabe.",
    make: "Schlüssel anlegen",
    once: "Du siehst den Schlüssel nur dieses eine Mal: Er steht in den Zeilen unten, bis du diese Seite verlässt. Niemand kann ihn noch einmal zeigen, auch oikos nicht.",
    secret: "API-Schlüssel",
    keys: "Alle Schlüssel",
    file: "In dieser Datei:",
    line: "Auf der Kommandozeile:",
    lines: "Was der Client braucht",
    linesHelp: {
      file: "Stehen in der Datei schon Server, dann setz nur den Teil namens oikos dazu. Starte den Client danach neu.",
      line: "Es bleibt in den Einstellungen des Clients.",
      any: "Streamable HTTP an dieser Adresse, mit dieser Kopfzeile bei jeder Anfrage.",
    },
    copy: "Kopieren",
    copyOf: "Kopieren, was der Client braucht",
    placeholder: "DEIN_SCHLÜSSEL",
    noKey: "Leg zuerst einen Schlüssel an: Er kommt an die Stelle von DEIN_SCHLÜSSEL.",
  },
};
