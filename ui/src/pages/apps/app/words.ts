interface AppWords {
  tabs: { actions: string; touch: string; settings: string; about: string };
  tabsLabel: string;
  back: string;
  stop: string;
  stopOf(app: string): string;
  stopped(runs: number): string;
  running(runs: number): string;
  noActions: string;
  noActionsHelp: string;
  isServer: string;
  toServer: string;
  run: string;
  runOf(action: string): string;
  cannotRun: string;
  actions: string;
  page: string;
  pageHelp: string;
  open: string;
  openOf(what: string): string;
  answers: string;
  answersHelp: string;
  lastRuns: string;
  allActivity: string;
  noRuns: string;
  noRunsHelp: string;
  touchTitle: string;
  touchLead: string;
  touchNone: string;
  touchNoneHelp: string;
  programsTitle: string;
  programsLead: string;
  programsWho(tool: string): string;
  saved: string;
  settingsTitle: string;
  settingsNone: string;
  settingsNoneHelp: string;
  save: string;
  settingsSaved: string;
  secrets: string;
  isDefault: string;
  about: string;
  version: string;
  installedAt: string;
  source: string;
  noSource: string;
  developer: string;
  storage: string;
  limits: string;
  missing: string;
  tools: string;
  toolName: string;
  toolText: string;
  noTools: string;
  versions: string;
  lookForNew: string;
  lookForNewHelp: string;
  upgradeFrom: string;
  previous(version: string): string;
  noPrevious: string;
  rollBack: string;
  rollBackTitle(app: string, version: string): string;
  rollBackText: string;
  restore: string;
  restoreText: string;
  rolledBack(version: string): string;
  power: string;
  turnOn: string;
  turnOff: string;
  turnedOn: string;
  turnedOff: string;
  turnOffText: string;
  remove: string;
  removeText: string;
  removeTitle(app: string): string;
  removeConfirm: string;
  erase: string;
  eraseText: string;
  keepText: string;
  removed(app: string): string;
  notices: {
    broken: string;
    brokenHelp: string;
    unready: string;
    unreadyHelp: string;
    off: string;
    offHelp: string;
    paused: string;
    pausedHelp: string;
    missing: string;
    missingHelp: string;
  };
  again: string;
  goOn: string;
  notFound: string;
  notFoundHelp: string;
}

export const words: { en: AppWords; de: AppWords } = {
  en: {
    tabs: { actions: "Actions", touch: "What it may touch", settings: "Settings", about: "About" },
    tabsLabel: "Parts of this app",
    back: "All apps",
    stop: "Stop app",
    stopOf: (app) => `Stop app ${app}`,
    stopped: (runs) =>
      runs === 0
        ? "Nothing was running. It does not start by itself until you go on with it."
        : `${runs === 1 ? "1 run" : `${runs} runs`} stopped. It does not start by itself until you go on with it.`,
    running: (runs) => (runs === 1 ? "1 run under way" : `${runs} runs under way`),
    noActions: "It has nothing to start by hand",
    noActionsHelp: "It works when something else starts it: an event, a schedule or a model.",
    isServer: "It is an MCP server: what can be started are its tools",
    toServer: "To its tools",
    run: "Run",
    runOf: (action) => `Run ${action}`,
    cannotRun: "It cannot run now; the note above says why.",
    actions: "Actions",
    page: "Page",
    pageHelp: "It runs in your browser, in a frame that reaches nothing. No code of it runs on this machine.",
    open: "Open",
    openOf: (what) => `Open ${what}`,
    answers: "Pages of its own",
    answersHelp:
      "It answers these requests at an address of its own. A page opens in a window of its own, signed in to this app and to nothing else.",
    lastRuns: "Last runs",
    allActivity: "All activity of this app",
    noRuns: "It has not run yet",
    noRunsHelp: "What it does stands here once it has run.",
    touchTitle: "What it may touch",
    touchLead: "A change holds from the next thing that it does, also in runs that are under way.",
    touchNone: "It asks for nothing",
    touchNoneHelp: "Apart from its own limits there is nothing to allow or to block.",
    programsTitle: "What other programs may call",
    programsLead: "MCP clients and whoever has an API key. What you start by hand is yours to start.",
    programsWho: (tool) => `Whether other programs may call ${tool}`,
    saved: "That holds now.",
    settingsTitle: "Settings",
    settingsNone: "It has no settings",
    settingsNoneHelp: "Its author offers nothing to set.",
    save: "Save",
    settingsSaved: "Saved. It holds from the next run on.",
    secrets: "These are secret. oikos has no place to keep secrets yet, so they cannot be set:",
    isDefault: "as the package says",
    about: "About this app",
    version: "Version",
    installedAt: "Installed",
    source: "Installed from",
    noSource: "unknown",
    developer: "Says it is by",
    storage: "Stored data",
    limits: "Limits",
    missing: "Needs, and that is missing",
    tools: "Tools for models",
    toolName: "Tool",
    toolText: "What it does",
    noTools: "It has no tools for models.",
    versions: "Other versions",
    lookForNew: "Look for a new version",
    lookForNewHelp: "Looks where it was installed from. Nothing changes before your yes.",
    upgradeFrom: "Upgrade from another source",
    previous: (version) => `Before this one you had ${version}.`,
    noPrevious: "There is no version before this one to go back to.",
    rollBack: "Roll back",
    rollBackTitle: (app, version) => `Roll ${app} back to ${version}?`,
    rollBackText: "The older version takes over at once. Runs under way end on the version that they began with.",
    restore: "Bring its stored data back as well",
    restoreText: "What it stored since the upgrade is lost then, for good.",
    rolledBack: (version) => `Version ${version} runs again.`,
    power: "On or off",
    turnOn: "Turn on",
    turnOff: "Turn off",
    turnedOn: "It is on.",
    turnedOff: "It is off.",
    turnOffText: "While it is off, nothing of it runs. Its data and what you allowed stay.",
    remove: "Remove",
    removeText: "It goes away. You choose whether what it stored goes too.",
    removeTitle: (app) => `Remove ${app}?`,
    removeConfirm: "Its runs are stopped and it is gone. Files that it wrote in your folders stay.",
    erase: "Erase what it stored as well",
    eraseText: "What it stored is erased and cannot be brought back.",
    keepText: "What it stored stays. If you install it again, it is there again.",
    removed: (app) => `${app} is removed.`,
    notices: {
      broken: "It cannot be loaded",
      brokenHelp: "Install it again from its source, or remove it.",
      unready: "Its set-up has not ended well",
      unreadyHelp: "Look at the activity for the reason, then try again to turn it on.",
      off: "It is off",
      offHelp: "Nothing of it runs until you turn it on.",
      paused: "It does not start by itself",
      pausedHelp: "You stopped it. You can run it by hand; to let it start by itself again, go on with it.",
      missing: "Something that it needs is missing",
      missingHelp: "It works apart from that; what needs it fails.",
    },
    again: "Install again",
    goOn: "Let it start by itself",
    notFound: "No such app is installed",
    notFoundHelp: "It may have been removed.",
  },
  de: {
    tabs: { actions: "Aktionen", touch: "Was sie darf", settings: "Einstellungen", about: "Über die App" },
    tabsLabel: "Teile dieser App",
    back: "Alle Apps",
    stop: "App stoppen",
    stopOf: (app) => `App stoppen: ${app}`,
    stopped: (runs) =>
      runs === 0
        ? "Es lief nichts. Sie startet nicht von selbst, bis du sie weitermachen lässt."
        : `${runs === 1 ? "1 Lauf" : `${runs} Läufe`} gestoppt. Sie startet nicht von selbst, bis du sie weitermachen lässt.`,
    running: (runs) => (runs === 1 ? "1 Lauf ist im Gange" : `${runs} Läufe sind im Gange`),
    noActions: "Von Hand gibt es nichts zu starten",
    noActionsHelp: "Sie arbeitet, wenn etwas anderes sie startet: ein Ereignis, ein Zeitplan oder ein Modell.",
    isServer: "Sie ist ein MCP-Server: Starten lassen sich seine Werkzeuge",
    toServer: "Zu seinen Werkzeugen",
    run: "Starten",
    runOf: (action) => `Starten: ${action}`,
    cannotRun: "Sie kann gerade nicht laufen; warum, steht oben.",
    actions: "Aktionen",
    page: "Seite",
    pageHelp:
      "Sie läuft in deinem Browser, in einem Rahmen, der nichts erreicht. Auf diesem Rechner läuft kein Code von ihr.",
    open: "Öffnen",
    openOf: (what) => `${what} öffnen`,
    answers: "Eigene Seiten",
    answersHelp:
      "Sie antwortet auf diese Anfragen unter einer eigenen Adresse. Eine Seite öffnet sich in einem eigenen Fenster, angemeldet bei dieser App und bei nichts sonst.",
    lastRuns: "Letzte Läufe",
    allActivity: "Alle Aktivität dieser App",
    noRuns: "Sie ist noch nicht gelaufen",
    noRunsHelp: "Was sie tut, steht hier, sobald sie gelaufen ist.",
    touchTitle: "Was sie darf",
    touchLead: "Eine Änderung gilt ab dem nächsten Schritt der App, auch in laufenden Läufen.",
    touchNone: "Sie will nichts",
    touchNoneHelp: "Außer ihren Grenzen gibt es nichts zu erlauben oder zu sperren.",
    programsTitle: "Was andere Programme aufrufen dürfen",
    programsLead: "MCP-Clients und wer einen API-Schlüssel hat. Was du von Hand startest, bleibt dir unbenommen.",
    programsWho: (tool) => `Ob andere Programme ${tool} aufrufen dürfen`,
    saved: "Das gilt jetzt.",
    settingsTitle: "Einstellungen",
    settingsNone: "Sie hat keine Einstellungen",
    settingsNoneHelp: "Wer sie gemacht hat, bietet nichts zum Einstellen an.",
    save: "Speichern",
    settingsSaved: "Gespeichert. Es gilt ab dem nächsten Lauf.",
    secrets: "Diese sind geheim. oikos kann Geheimnisse noch nicht aufbewahren, darum lassen sie sich nicht setzen:",
    isDefault: "wie im Paket",
    about: "Über diese App",
    version: "Version",
    installedAt: "Installiert",
    source: "Installiert aus",
    noSource: "unbekannt",
    developer: "Sagt, sie ist von",
    storage: "Gespeicherte Daten",
    limits: "Grenzen",
    missing: "Braucht, und es fehlt",
    tools: "Werkzeuge für Modelle",
    toolName: "Werkzeug",
    toolText: "Was es tut",
    noTools: "Sie hat keine Werkzeuge für Modelle.",
    versions: "Andere Versionen",
    lookForNew: "Nach neuer Version sehen",
    lookForNewHelp: "Sieht dort nach, woher sie installiert wurde. Vor deinem Ja ändert sich nichts.",
    upgradeFrom: "Aus anderer Quelle aktualisieren",
    previous: (version) => `Vor dieser hattest du ${version}.`,
    noPrevious: "Es gibt keine Version davor, zu der du zurückkönntest.",
    rollBack: "Zurückgehen",
    rollBackTitle: (app, version) => `${app} auf ${version} zurücksetzen?`,
    rollBackText: "Die ältere Version gilt sofort. Laufende Läufe enden auf der Version, mit der sie begonnen haben.",
    restore: "Auch ihre gespeicherten Daten zurückholen",
    restoreText: "Was sie seit der Aktualisierung gespeichert hat, ist dann endgültig verloren.",
    rolledBack: (version) => `Version ${version} läuft wieder.`,
    power: "An oder aus",
    turnOn: "Einschalten",
    turnOff: "Ausschalten",
    turnedOn: "Sie ist an.",
    turnedOff: "Sie ist aus.",
    turnOffText: "Solange sie aus ist, läuft nichts von ihr. Ihre Daten und was du erlaubt hast, bleiben.",
    remove: "Entfernen",
    removeText: "Sie verschwindet. Du wählst, ob auch verschwindet, was sie gespeichert hat.",
    removeTitle: (app) => `${app} entfernen?`,
    removeConfirm:
      "Ihre Läufe werden gestoppt, und sie ist weg. Dateien, die sie in deine Ordner geschrieben hat, bleiben.",
    erase: "Auch löschen, was sie gespeichert hat",
    eraseText: "Was sie gespeichert hat, wird gelöscht und lässt sich nicht zurückholen.",
    keepText: "Was sie gespeichert hat, bleibt. Installierst du sie wieder, ist es wieder da.",
    removed: (app) => `${app} ist entfernt.`,
    notices: {
      broken: "Sie lässt sich nicht laden",
      brokenHelp: "Installiere sie noch einmal aus ihrer Quelle, oder entferne sie.",
      unready: "Ihre Einrichtung ist nicht gelungen",
      unreadyHelp: "Sieh in der Aktivität nach dem Grund und versuche dann noch einmal, sie einzuschalten.",
      off: "Sie ist aus",
      offHelp: "Nichts von ihr läuft, bis du sie einschaltest.",
      paused: "Sie startet nicht von selbst",
      pausedHelp:
        "Du hast sie gestoppt. Von Hand kannst du sie starten; damit sie wieder von selbst startet, lass sie weitermachen.",
      missing: "Etwas, das sie braucht, fehlt",
      missingHelp: "Sonst arbeitet sie; was es braucht, scheitert.",
    },
    again: "Noch einmal installieren",
    goOn: "Wieder von selbst starten lassen",
    notFound: "So eine App ist nicht installiert",
    notFoundHelp: "Vielleicht wurde sie entfernt.",
  },
};
