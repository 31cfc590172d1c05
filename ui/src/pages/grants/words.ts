import type { Schemas } from "@/api/client";

export type Family = Schemas["Scope"]["scope"];
type State = Schemas["GrantState"];

interface GrantsWords {
  title: string;
  lead: string;
  search: string;
  caption: string;
  app: string;
  families: Record<Family, string>;
  states: Record<State, string>;
  legend: Record<State, string>;
  several(word: string, count: number): string;
  cell(app: string, family: string, state: string, lines: number): string;
  notAsked: string;
  nothing: string;
  failed: string;
  off: string;
  toApp: string;
  none: string;
  noneHelp: string;
  toApps: string;
  noneFits: string;
  noneFitsHelp: string;
}

export const words: { en: GrantsWords; de: GrantsWords } = {
  en: {
    title: "Grants",
    lead: "What each app may touch. Whatever is not here, no app may do.",
    search: "Search by name",
    caption: "Apps and what they may touch",
    app: "App",
    families: {
      file: "Files",
      storage: "Own storage",
      network: "Network",
      shell: "Programs",
      clipboard: "Clipboard",
      gpu: "Graphics",
      ai: "Models",
      mcp: "MCP tools",
      event: "Events",
      trigger: "Chat messages",
      schedule: "Schedule",
      secret: "Secrets",
      view: "Own page",
    },
    states: { allow: "Allow", ask: "Ask", block: "Block" },
    legend: {
      allow: "Allow: it may, without asking.",
      ask: "Ask: you are asked each time.",
      block: "Block: it may not.",
    },
    several: (word, count) => `${word} (${count})`,
    cell: (app, family, state, lines) =>
      `${app}, ${family}: ${state}${lines > 1 ? `, the most of ${lines} switches` : ""}`,
    notAsked: "Does not ask for it",
    nothing: "Asks for nothing.",
    failed: "Could not be read",
    off: "Off",
    toApp: "To the app",
    none: "No app is installed",
    noneHelp: "Apps bring their wishes with them; you decide at the install and here.",
    toApps: "To the apps",
    noneFits: "No app has that in its name",
    noneFitsHelp: "Search for less of the name, or clear the field.",
  },
  de: {
    title: "Rechte",
    lead: "Was jede App anfassen darf. Was hier nicht steht, darf keine App.",
    search: "Nach Namen suchen",
    caption: "Apps und was sie anfassen dürfen",
    app: "App",
    families: {
      file: "Dateien",
      storage: "Eigener Speicher",
      network: "Netzwerk",
      shell: "Programme",
      clipboard: "Zwischenablage",
      gpu: "Grafik",
      ai: "Modelle",
      mcp: "MCP-Werkzeuge",
      event: "Ereignisse",
      trigger: "Chat-Nachrichten",
      schedule: "Zeitplan",
      secret: "Geheimnisse",
      view: "Eigene Seite",
    },
    states: { allow: "Erlaubt", ask: "Fragt", block: "Gesperrt" },
    legend: {
      allow: "Erlaubt: Die App darf es, ohne zu fragen.",
      ask: "Fragt: Du wirst jedes Mal gefragt.",
      block: "Gesperrt: Die App darf es nicht.",
    },
    several: (word, count) => `${word} (${count})`,
    cell: (app, family, state, lines) =>
      `${app}, ${family}: ${state}${lines > 1 ? `, das meiste von ${lines} Schaltern` : ""}`,
    notAsked: "Bittet nicht darum",
    nothing: "Bittet um nichts.",
    failed: "Konnte nicht gelesen werden",
    off: "Aus",
    toApp: "Zur App",
    none: "Es ist keine App installiert",
    noneHelp: "Apps bringen ihre Wünsche mit; du entscheidest bei der Installation und hier.",
    toApps: "Zu den Apps",
    noneFits: "Keine App hat das im Namen",
    noneFitsHelp: "Suche nach weniger vom Namen oder leere das Feld.",
  },
};
