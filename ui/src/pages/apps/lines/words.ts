import type { Schemas } from "@/api/client";

type State = Schemas["GrantState"];
type Severity = Schemas["RiskySeverity"];

interface LineWords {
  states: Record<State, string>;
  /** In front of what the line says. */
  leads: Record<State, string>;
  severities: Record<Severity, string>;
  choice(line: string): string;
  reason: string;
  reasonFound: string;
  covers: string;
  any: string;
  anyHost: string;
  anyMethod: string;
  methods(methods: string): string;
  askedMethods: string;
  byOwner: string;
  near: string;
  chosenFolders: string;
  noFolder: Record<State, string>;
  proposed: string;
  folder(line: string): string;
  folderHelp: string;
  folderWhole: string;
  addFolder: string;
  removeFolder(folder: string): string;
  lastFolder: string;
  host: string;
  hostHelp: string;
  hostWrong: string;
  addHost: string;
  removeHost(host: string): string;
  lastHost: string;
  narrow: string;
  asAsked: string;
  asAskedAsk: string;
  programs: string;
  models: string;
  defaultModels: string;
  budget(amount: string): string;
  tools: string;
  allTools: string;
  standsFor: string;
  noServer: string;
  noServers: string;
  importServers: string;
  server(line: string): string;
  chooseServer: string;
  tool(line: string): string;
  everyTool: string;
  useServer: string;
  sends: string;
  hears: string;
  pattern: string;
  schedule: string;
  ownTime: string;
  secretTo: string;
  quota: string;
  until: string;
  thisRun: string;
  cannotAsk: string;
  remove: string;
}

export const words: { en: LineWords; de: LineWords } = {
  en: {
    states: { allow: "Allow", ask: "Ask", block: "Block" },
    leads: { allow: "May", ask: "Asks you before it may", block: "Never:" },
    severities: { low: "low risk", medium: "medium risk", high: "high risk" },
    choice: (line) => `What ${line} may do`,
    reason: "Its author says:",
    reasonFound: "Because:",
    covers: "Exactly this:",
    any: "everything",
    anyHost: "any public host",
    anyMethod: "every method",
    methods: (methods) => `only ${methods}`,
    askedMethods:
      "Hosts that you name yourself can be used with every method; the app asked for fewer methods for some of them.",
    byOwner: "named by you",
    near: "on your own computer or network",
    chosenFolders: "Folders that you named:",
    noFolder: {
      allow: "No folder yet, so it reaches nothing until you name one.",
      ask: "No folder yet. It reaches nothing until you name one.",
      block: "No folder.",
    },
    proposed: "Its author proposes:",
    folder: (line) => `Folder for ${line}`,
    folderHelp: "The whole path on the computer where oikos runs. Everything in it is covered, nothing beside it.",
    folderWhole: "Give the whole path, from / on.",
    addFolder: "Add folder",
    removeFolder: (folder) => `Remove folder ${folder}`,
    lastFolder: "To take the last folder away, choose Block.",
    host: "One more host",
    hostHelp: "For example example.org, *.example.org or example.org/docs",
    hostWrong: "That names no host.",
    addHost: "Add host",
    removeHost: (host) => `Remove host ${host}`,
    lastHost: "To take the last host away, choose Block.",
    narrow: "Only certain hosts",
    asAsked: "All that the app asks for",
    asAskedAsk: "Ask me about all that the app asks for",
    programs: "Programs and their arguments:",
    models: "Models:",
    defaultModels: "your default model",
    budget: (amount) => `at most ${amount} of your budget's currency a day`,
    tools: "Tools:",
    allTools: "all of the server's tools",
    standsFor: "It stands for:",
    noServer: "No server yet. Calls to it fail until you choose one of yours.",
    noServers: "You have no MCP server that is on.",
    importServers: "Import servers",
    server: (line) => `Server for ${line}`,
    chooseServer: "Choose one of your servers",
    tool: (line) => `Its tool for ${line}`,
    everyTool: "Every tool of it",
    useServer: "Use this",
    sends: "Sends:",
    hears: "Hears:",
    pattern: "Pattern:",
    schedule: "Schedule:",
    ownTime: "in your time zone",
    secretTo: "Sent only to:",
    quota: "Room:",
    until: "until",
    thisRun: "for one run only",
    cannotAsk: "It would start by itself, when nobody may be there to be asked. So it is on or off.",
    remove: "Remove",
  },
  de: {
    states: { allow: "Erlauben", ask: "Fragen", block: "Sperren" },
    leads: { allow: "Darf:", ask: "Fragt dich vorher:", block: "Niemals:" },
    severities: { low: "geringes Risiko", medium: "mittleres Risiko", high: "hohes Risiko" },
    choice: (line) => `Was ${line} darf`,
    reason: "Wer die App gemacht hat, sagt:",
    reasonFound: "Denn:",
    covers: "Genau das:",
    any: "alles",
    anyHost: "jeder öffentliche Host",
    anyMethod: "jede Methode",
    methods: (methods) => `nur ${methods}`,
    askedMethods:
      "Hosts, die du selbst nennst, gelten für jede Methode; die App wollte für manche davon weniger Methoden.",
    byOwner: "von dir genannt",
    near: "auf deinem Rechner oder in deinem Netz",
    chosenFolders: "Ordner, die du genannt hast:",
    noFolder: {
      allow: "Noch kein Ordner: Sie kommt an nichts heran, bis du einen nennst.",
      ask: "Noch kein Ordner. Sie kommt an nichts heran, bis du einen nennst.",
      block: "Kein Ordner.",
    },
    proposed: "Vorschlag der App:",
    folder: (line) => `Ordner für ${line}`,
    folderHelp: "Der ganze Pfad auf dem Rechner, auf dem oikos läuft. Alles darin gehört dazu, nichts daneben.",
    folderWhole: "Gib den ganzen Pfad an, ab /.",
    addFolder: "Ordner hinzufügen",
    removeFolder: (folder) => `Ordner ${folder} entfernen`,
    lastFolder: "Um den letzten Ordner wegzunehmen, wähle Sperren.",
    host: "Noch ein Host",
    hostHelp: "Zum Beispiel example.org, *.example.org oder example.org/docs",
    hostWrong: "Das ist kein Host.",
    addHost: "Host hinzufügen",
    removeHost: (host) => `Host ${host} entfernen`,
    lastHost: "Um den letzten Host wegzunehmen, wähle Sperren.",
    narrow: "Nur bestimmte Hosts",
    asAsked: "Alles, was die App will",
    asAskedAsk: "Bei allem fragen, was die App will",
    programs: "Programme und ihre Argumente:",
    models: "Modelle:",
    defaultModels: "dein Standardmodell",
    budget: (amount) => `höchstens ${amount} in der Währung deines Budgets pro Tag`,
    tools: "Werkzeuge:",
    allTools: "alle Werkzeuge des Servers",
    standsFor: "Das steht für:",
    noServer: "Noch kein Server. Aufrufe scheitern, bis du einen von deinen wählst.",
    noServers: "Du hast keinen MCP-Server, der an ist.",
    importServers: "Server importieren",
    server: (line) => `Server für ${line}`,
    chooseServer: "Wähle einen deiner Server",
    tool: (line) => `Dessen Werkzeug für ${line}`,
    everyTool: "Jedes Werkzeug",
    useServer: "Das nehmen",
    sends: "Sendet:",
    hears: "Hört:",
    pattern: "Muster:",
    schedule: "Zeitplan:",
    ownTime: "in deiner Zeitzone",
    secretTo: "Geht nur an:",
    quota: "Platz:",
    until: "bis",
    thisRun: "nur für einen Lauf",
    cannotAsk:
      "Sie würde von selbst starten, wenn vielleicht niemand da ist, den man fragen kann. Darum nur an oder aus.",
    remove: "Entfernen",
  },
};
