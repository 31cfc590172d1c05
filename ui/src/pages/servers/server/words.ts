import type { Schemas } from "@/api/client";

type Standing = Schemas["ToolStanding"];

interface ServerWords {
  notFound: string;
  notFoundHelp: string;
  back: string;
  tabsLabel: string;
  tabs: Record<"tools" | "health" | "log", string>;
  toApp: string;
  toCard: string;
  toGrants: string;
  look: string;
  looking: string;
  looked(tools: number, waiting: number): string;
  lookedAt: string;
  off: string;
  offHelp: string;
  offFirst: string;
  turnOn: string;
  neverLooked: string;
  neverLookedHelp: string;
  noTools: string;
  noToolsHelp: string;
  waiting: string;
  waitingLead: string;
  waitingCount(count: number): string;
  acceptMeans: string;
  accept: string;
  acceptOf(tool: string): string;
  acceptAll(count: number): string;
  acceptAllTitle(count: number): string;
  acceptAllMeans(added: number, changed: number): string;
  changedMeanwhile: string;
  accepted(tool: string): string;
  acceptedAll: string;
  set(tool: string): string;
  tools: string;
  search: string;
  toolCount(shown: number, all: number): string;
  nothingFound: string;
  prompts: string;
  promptWants(names: string): string;
  resources: string;
  templates: string;
  extrasMore(count: number): string;
  standings: Record<Standing, string>;
  standingHelp: Partial<Record<Standing, string>>;
  who(tool: string): string;
  legend: Record<Schemas["GrantState"], string>;
  runAs(action: string): string;
  noDescription: string;
  hints: Record<
    "readOnlyHint" | "destructiveHint" | "idempotentHint" | "openWorldHint",
    Partial<Record<"yes" | "no", string>>
  >;
  hintsLead: string;
  takes: string;
  gives: string;
  whole: string;
  try: string;
  tryOf(tool: string): string;
  changes: string;
  changesNone: string;
  places: Record<"before" | "after" | "both", string>;
  removed: string;
  added: string;
  same(count: number): string;
  sameCharacters(count: string): string;
  showAll(characters: string): string;
  showAllOf(characters: string, what: string): string;
  less: string;
  health: string;
  since: string;
  calls: string;
  notRunning: string;
  elsewhere: string;
  fault: string;
  box: string;
  power: string;
  powerHelp: string;
  about: string;
  aboutLead: string;
  name: string;
  version: string;
  revision: string;
  instructions: string;
  log: string;
  logLead: string;
  logLines: string;
  logNone: string;
  logNoneHelp: string;
  refresh: string;
}

export const words: { en: ServerWords; de: ServerWords } = {
  en: {
    notFound: "There is no MCP server of this name",
    notFoundHelp: "It may have been removed, or it is an app of another kind.",
    back: "All servers",
    tabsLabel: "Parts of this server",
    tabs: { tools: "Tools", health: "How it runs", log: "What it wrote" },
    toApp: "The app that it is",
    toCard: "Its card",
    toGrants: "What it may touch",
    look: "Look again",
    looking: "It is asked which tools it has …",
    looked: (tools, waiting) =>
      `${tools === 1 ? "It has 1 tool" : `It has ${tools} tools`}; ${waiting === 0 ? "nothing waits for your yes." : waiting === 1 ? "1 waits for your yes." : `${waiting} wait for your yes.`}`,
    lookedAt: "Looked at",
    off: "It is switched off: none of its tools can be called",
    offHelp: "What you accepted stays accepted.",
    offFirst:
      "You have accepted none of its tools. Switching it on accepts all of them as they were when it was last asked, so read them first.",
    turnOn: "Switch on",
    neverLooked: "It was not asked yet which tools it has",
    neverLookedHelp:
      "Looking starts it in its box, asks, and changes nothing else. Nothing can be called before your yes.",
    noTools: "It has no tools",
    noToolsHelp: "It may offer texts and files to clients; those need no yes.",
    waiting: "Waits for your yes",
    waitingLead:
      "These are new, or not what you accepted. Nobody can call them until you accept them. Models read their texts as they read yours: look for orders in them that you did not give.",
    waitingCount: (count) =>
      count === 0
        ? "Nothing waits for your yes."
        : count === 1
          ? "1 tool waits for your yes."
          : `${count} tools wait for your yes.`,
    acceptMeans:
      "Accepting means: it may be called with exactly these texts and this input, until the server changes them again.",
    accept: "Accept",
    acceptOf: (tool) => `Accept ${tool}`,
    acceptAll: (count) => `Accept all ${count}`,
    acceptAllTitle: (count) => `Accept all ${count} tools as they are offered now?`,
    acceptAllMeans: (added, changed) =>
      `${[added > 0 ? `${added} new` : "", changed > 0 ? `${changed} changed` : ""].filter(Boolean).join(" and ")}: each may be called from then on with the texts and the input that its server offers now, until it changes them again.`,
    changedMeanwhile:
      "It has changed since you looked, so nothing was accepted. What it is now stands here: look at it again.",
    accepted: (tool) => `${tool} is accepted.`,
    acceptedAll: "All of them are accepted.",
    set: (tool) => `That holds now for ${tool}.`,
    tools: "Tools",
    search: "Search tools",
    toolCount: (shown, all) => (shown === all ? `${all}` : `${shown} of ${all}`),
    nothingFound: "No tool has that in its name or description",
    prompts: "Prompts that clients may use",
    promptWants: (names) => `wants ${names}`,
    resources: "What clients may read",
    templates: "Patterns of more that clients may read",
    extrasMore: (count) => `and ${count} more`,
    standings: { accepted: "Accepted", added: "New", changed: "Changed", gone: "Gone" },
    standingHelp: { gone: "Its server does not offer it any more, so it cannot be called." },
    who: (tool) => `Who may call ${tool}`,
    legend: {
      allow: "Allow: models and clients call it without asking",
      ask: "Ask: you are asked before each call that is not your own",
      block: "Block: nobody calls it, not even you",
    },
    runAs: (action) => `It is run here as ${action}.`,
    noDescription: "Its author says nothing of it.",
    hints: {
      readOnlyHint: { yes: "changes nothing" },
      destructiveHint: { yes: "may destroy something" },
      idempotentHint: { yes: "twice is as good as once" },
      openWorldHint: { yes: "reaches others", no: "reaches nobody else" },
    },
    hintsLead: "Its author says of it, and nobody checks:",
    takes: "What it takes (input schema)",
    gives: "What it gives (output schema)",
    whole: "All of it, as it is offered now",
    try: "Try it",
    tryOf: (tool) => `Try it: ${tool}`,
    changes: "What changed since you accepted it",
    changesNone: "Something changed that has no text: look at all of it below.",
    places: { before: "gone", after: "new", both: "changed" },
    removed: "was",
    added: "is now",
    same: (count) => (count === 1 ? "1 line as before" : `${count} lines as before`),
    sameCharacters: (count) => `${count} characters as before`,
    showAll: (characters) => `Show all ${characters} characters`,
    showAllOf: (characters, what) => `Show all ${characters} characters of ${what}`,
    less: "Show less",
    health: "How it runs",
    since: "Running for",
    calls: "Calls under way",
    notRunning:
      "It does not run now. It is started when one of its tools is called, and ends some time after the last call.",
    fault: "Its last run came to nothing",
    elsewhere:
      "It runs elsewhere, so nothing of it is kept in a box here. What is sent to it is on its card, and stands in the activity.",
    box: "What its box keeps",
    power: "On or off",
    powerHelp:
      "While it is off, nothing of it runs and none of its tools can be called. What you accepted stays accepted.",
    about: "What it says of itself",
    aboutLead: "The server's own words; nobody checks them.",
    name: "Name",
    version: "Version",
    revision: "Protocol",
    instructions: "For models",
    log: "What it wrote",
    logLead:
      "The last lines that its program wrote on its standard error, or logged for no call in particular, oldest first.",
    logLines: "Its last lines",
    logNone: "It has written nothing",
    logNoneHelp: "Its last lines stay here until oikos ends, also when its program has ended.",
    refresh: "Refresh",
  },
  de: {
    notFound: "Es gibt keinen MCP-Server dieses Namens",
    notFoundHelp: "Vielleicht wurde er entfernt, oder es ist eine App anderer Art.",
    back: "Alle Server",
    tabsLabel: "Teile dieses Servers",
    tabs: { tools: "Werkzeuge", health: "Wie er läuft", log: "Was er schrieb" },
    toApp: "Die App, die er ist",
    toCard: "Seine Karte",
    toGrants: "Was er anfassen darf",
    look: "Neu ansehen",
    looking: "Er wird gefragt, welche Werkzeuge er hat …",
    looked: (tools, waiting) =>
      `${tools === 1 ? "Er hat 1 Werkzeug" : `Er hat ${tools} Werkzeuge`}; ${waiting === 0 ? "nichts wartet auf dein Ja." : waiting === 1 ? "1 wartet auf dein Ja." : `${waiting} warten auf dein Ja.`}`,
    lookedAt: "Angesehen",
    off: "Er ist ausgeschaltet: Keines seiner Werkzeuge lässt sich aufrufen",
    offHelp: "Was du angenommen hast, bleibt angenommen.",
    offFirst:
      "Du hast noch keines seiner Werkzeuge angenommen. Einschalten nimmt alle so an, wie sie bei der letzten Frage waren; lies sie also zuerst.",
    turnOn: "Einschalten",
    neverLooked: "Er wurde noch nicht gefragt, welche Werkzeuge er hat",
    neverLookedHelp:
      "Ansehen startet ihn in seiner Box, fragt ihn und ändert sonst nichts. Vor deinem Ja lässt sich nichts aufrufen.",
    noTools: "Er hat keine Werkzeuge",
    noToolsHelp: "Vielleicht bietet er Clients Texte und Dateien an; die brauchen kein Ja.",
    waiting: "Wartet auf dein Ja",
    waitingLead:
      "Diese sind neu oder nicht das, was du angenommen hast. Niemand kann sie aufrufen, bis du sie annimmst. Modelle lesen ihre Texte wie deine: Achte auf Anweisungen darin, die nicht von dir sind.",
    waitingCount: (count) =>
      count === 0
        ? "Nichts wartet auf dein Ja."
        : count === 1
          ? "1 Werkzeug wartet auf dein Ja."
          : `${count} Werkzeuge warten auf dein Ja.`,
    acceptMeans:
      "Annehmen heißt: Es darf mit genau diesen Texten und dieser Eingabe aufgerufen werden, bis der Server sie wieder ändert.",
    accept: "Annehmen",
    acceptOf: (tool) => `${tool} annehmen`,
    acceptAll: (count) => `Alle ${count} annehmen`,
    acceptAllTitle: (count) => `Alle ${count} Werkzeuge so annehmen, wie sie jetzt sind?`,
    acceptAllMeans: (added, changed) =>
      `${[added > 0 ? `${added} neue` : "", changed > 0 ? `${changed} geänderte` : ""].filter(Boolean).join(" und ")}: Jedes darf von da an mit den Texten und der Eingabe aufgerufen werden, die sein Server jetzt anbietet, bis er sie wieder ändert.`,
    changedMeanwhile:
      "Es hat sich geändert, seit du hingesehen hast; angenommen wurde nichts. Was es jetzt ist, steht hier: Sieh es dir noch einmal an.",
    accepted: (tool) => `${tool} ist angenommen.`,
    acceptedAll: "Alle sind angenommen.",
    set: (tool) => `Das gilt jetzt für ${tool}.`,
    tools: "Werkzeuge",
    search: "Werkzeuge suchen",
    toolCount: (shown, all) => (shown === all ? `${all}` : `${shown} von ${all}`),
    nothingFound: "Kein Werkzeug hat das im Namen oder in der Beschreibung",
    prompts: "Vorlagen, die Clients verwenden dürfen",
    promptWants: (names) => `will ${names}`,
    resources: "Was Clients lesen dürfen",
    templates: "Muster von mehr, was Clients lesen dürfen",
    extrasMore: (count) => `und ${count} weitere`,
    standings: { accepted: "Angenommen", added: "Neu", changed: "Geändert", gone: "Weg" },
    standingHelp: { gone: "Sein Server bietet es nicht mehr an, darum lässt es sich nicht aufrufen." },
    who: (tool) => `Wer ${tool} aufrufen darf`,
    legend: {
      allow: "Erlauben: Modelle und Clients rufen es auf, ohne zu fragen",
      ask: "Fragen: Du wirst vor jedem Aufruf gefragt, der nicht dein eigener ist",
      block: "Sperren: Niemand ruft es auf, auch du nicht",
    },
    runAs: (action) => `Hier läuft es als ${action}.`,
    noDescription: "Wer es gemacht hat, sagt nichts dazu.",
    hints: {
      readOnlyHint: { yes: "ändert nichts" },
      destructiveHint: { yes: "kann etwas zerstören" },
      idempotentHint: { yes: "zweimal ist wie einmal" },
      openWorldHint: { yes: "erreicht andere", no: "erreicht niemanden sonst" },
    },
    hintsLead: "Sagt, wer es gemacht hat, und niemand prüft es:",
    takes: "Was es nimmt (Schema der Eingabe)",
    gives: "Was es gibt (Schema der Ausgabe)",
    whole: "Alles davon, wie es jetzt angeboten wird",
    try: "Ausprobieren",
    tryOf: (tool) => `Ausprobieren: ${tool}`,
    changes: "Was sich geändert hat, seit du es angenommen hast",
    changesNone: "Geändert hat sich etwas ohne Text: Sieh dir unten alles davon an.",
    places: { before: "weg", after: "neu", both: "geändert" },
    removed: "war",
    added: "ist jetzt",
    same: (count) => (count === 1 ? "1 Zeile wie vorher" : `${count} Zeilen wie vorher`),
    sameCharacters: (count) => `${count} Zeichen wie vorher`,
    showAll: (characters) => `Alle ${characters} Zeichen zeigen`,
    showAllOf: (characters, what) => `Alle ${characters} Zeichen von ${what} zeigen`,
    less: "Weniger zeigen",
    health: "Wie er läuft",
    since: "Läuft seit",
    calls: "Aufrufe im Gange",
    notRunning:
      "Er läuft gerade nicht. Er wird gestartet, wenn eines seiner Werkzeuge aufgerufen wird, und endet einige Zeit nach dem letzten Aufruf.",
    fault: "Sein letzter Lauf ist gescheitert",
    elsewhere:
      "Er läuft anderswo, darum hält ihn hier keine Box. Was ihm geschickt wird, steht auf seiner Karte und in der Aktivität.",
    box: "Was seine Box hält",
    power: "An oder aus",
    powerHelp:
      "Solange er aus ist, läuft nichts von ihm, und keines seiner Werkzeuge lässt sich aufrufen. Was du angenommen hast, bleibt angenommen.",
    about: "Was er über sich sagt",
    aboutLead: "Die eigenen Worte des Servers; niemand prüft sie.",
    name: "Name",
    version: "Version",
    revision: "Protokoll",
    instructions: "Für Modelle",
    log: "Was er schrieb",
    logLead:
      "Die letzten Zeilen, die sein Programm in seine Fehlerausgabe schrieb oder zu keinem bestimmten Aufruf sagte, die ältesten zuerst.",
    logLines: "Seine letzten Zeilen",
    logNone: "Er hat nichts geschrieben",
    logNoneHelp: "Seine letzten Zeilen bleiben hier, bis oikos endet, auch wenn sein Programm geendet hat.",
    refresh: "Neu laden",
  },
};
