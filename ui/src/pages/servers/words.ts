import type { ServerState } from "./state";

interface ServersWords {
  title: string;
  lead: string;
  connect: string;
  import: string;
  search: string;
  none: string;
  noneHelp: string;
  noneHow: string;
  nothingFound: string;
  nothingFoundHelp: string;
  list: string;
  count(shown: number, all: number): string;
  states: Record<ServerState, string>;
  runsNow: string;
  wantsSignIn: string;
  failedLast: string;
  calls(count: number): string;
  accepted(count: number): string;
  waits(count: number): string;
  notLooked: string;
}

export const words: { en: ServersWords; de: ServersWords } = {
  en: {
    title: "Servers",
    lead: "MCP servers, each kept in a box of its own. A tool can be called as long as it is what you accepted.",
    connect: "Connect a client",
    import: "Import servers",
    search: "Search servers",
    none: "There is no MCP server here yet",
    noneHelp:
      "Servers that you set up in Claude Desktop, Cursor, VS Code and others can be taken over. Nothing is installed or started before you have seen its card.",
    noneHow: "On the computer where oikos runs, this shows what is found and changes nothing:",
    nothingFound: "No server has that in its name or its place",
    nothingFoundHelp: "Try a part of its name, of the program that is started, or of its address.",
    list: "Servers here",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} of ${all}`),
    states: { enabled: "Enabled", disabled: "Disabled" },
    runsNow: "Runs now",
    wantsSignIn: "Wants a sign-in",
    failedLast: "Failed last time",
    calls: (count) => (count === 1 ? "1 call under way" : `${count} calls under way`),
    accepted: (count) => (count === 1 ? "1 tool accepted" : `${count} tools accepted`),
    waits: (count) => (count === 1 ? "1 waits for your yes" : `${count} wait for your yes`),
    notLooked: "It was not asked yet which tools it has.",
  },
  de: {
    title: "Server",
    lead: "MCP-Server, jeder in einer eigenen Box. Ein Werkzeug lässt sich aufrufen, solange es ist, was du angenommen hast.",
    connect: "Einen Client verbinden",
    import: "Server übernehmen",
    search: "Server suchen",
    none: "Hier gibt es noch keinen MCP-Server",
    noneHelp:
      "Server, die du in Claude Desktop, Cursor, VS Code und anderen eingerichtet hast, lassen sich übernehmen. Nichts wird installiert oder gestartet, bevor du seine Karte gesehen hast.",
    noneHow: "Auf dem Rechner, auf dem oikos läuft, zeigt das, was sich findet, und ändert nichts:",
    nothingFound: "Kein Server hat das im Namen oder im Ort",
    nothingFoundHelp: "Versuch es mit einem Teil des Namens, des gestarteten Programms oder der Adresse.",
    list: "Server hier",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} von ${all}`),
    states: { enabled: "Eingeschaltet", disabled: "Ausgeschaltet" },
    runsNow: "Läuft gerade",
    wantsSignIn: "Will eine Anmeldung",
    failedLast: "Zuletzt gescheitert",
    calls: (count) => (count === 1 ? "1 Aufruf im Gange" : `${count} Aufrufe im Gange`),
    accepted: (count) => (count === 1 ? "1 Werkzeug angenommen" : `${count} Werkzeuge angenommen`),
    waits: (count) => (count === 1 ? "1 wartet auf dein Ja" : `${count} warten auf dein Ja`),
    notLooked: "Er wurde noch nicht gefragt, welche Werkzeuge er hat.",
  },
};
