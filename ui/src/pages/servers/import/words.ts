import type { Schemas } from "@/api/client";
import type { Outcome } from "./state";

type Action = Schemas["ImportAction"];
export type From = Schemas["ImportSource"]["from"];

interface ImportWords {
  title: string;
  lead: string;
  nothingDone: string;
  where: string;
  from: Record<From, string>;
  fromHelp: Record<From, string>;
  look: Record<From, string>;
  looking: string;
  name: string;
  nameHelp: string;
  nameLacks: string;
  reached: string;
  ways: Record<"command" | "address", string>;
  command: string;
  commandHelp: string;
  commandWords: string;
  commandLacks: string;
  commandOpen: string;
  commandShell: string;
  emptyWord: string;
  address: string;
  addressHelp: string;
  addressWrong: string;
  given: Record<"command" | "address", string>;
  givenHelp: string;
  givenName: string;
  givenValue: string;
  addGiven: string;
  removeGiven(name: string): string;
  removeGivenPlain: string;
  pairLacks: string;
  file: string;
  fileHelp: string;
  fileWhole: string;
  choose: string;
  found(counts: Record<Action, number>): string;
  filesRead(count: number): string;
  unread: string;
  none: string;
  noneHelp: string;
  groups: Record<"due" | "keep" | "refuse", string>;
  actions: Record<Action, string>;
  done: string;
  search: string;
  count(shown: number, all: number): string;
  nothingFound: string;
  take(app: string): string;
  offThere: string;
  foundIn: string;
  package: string;
  starts: string;
  calls: string;
  asks: string;
  asksNothing: string;
  lines: Record<string, string>;
  ownerSays: string;
  isGiven: string;
  givens: Record<"secret" | "plain", Record<"has" | "lacks", string>>;
  required: string;
  asksYou: string;
  answer: string;
  answerLacks: string;
  answerKinds: Record<"folder" | "file", string>;
  answerMany: string;
  answerSecret: string;
  answerKept: string;
  notes: string;
  refused: string;
  next: string;
  toServer(app: string): string;
  all: string;
  noneOf: string;
  again: string;
  other: string;
  chosen(count: number): string;
  go(count: number): string;
  goHelp: string;
  chooseOne: string;
  turn(place: number, all: number): string;
  making: string;
  makingOf(title: string): string;
  cardOf(title: string): string;
  cardHelp: string;
  origin: string;
  install: string;
  update: string;
  leave: string;
  stop: string;
  installing: string;
  others: string;
  outcomes: Record<Outcome["state"] | "now", string>;
  failed(title: string): string;
  imported(title: string): string;
  end: string;
  endOf(imported: number, failed: number, left: number): string;
  endHelp: string;
  tools: string;
  toolsOf(app: string): string;
  lacks(names: string): string;
  toSettings: string;
  tryAgain(title: string): string;
  more: string;
  servers: string;
  connect: string;
}

const counted = (one: string, many: string) => (count: number) => (count === 1 ? `1 ${one}` : `${count} ${many}`);
const listed = (parts: readonly (string | false)[]) => parts.filter(Boolean).join(", ");

export const words: { en: ImportWords; de: ImportWords } = {
  en: {
    title: "Import servers",
    lead: "MCP servers that were set up elsewhere become apps here: each in a box of its own, with a card that you see first, and switched off until you have seen its tools.",
    nothingDone: "This only looks. Nothing is installed, started or changed.",
    where: "Where is it from?",
    from: { clients: "Your other programs", entry: "One server", file: "A file" },
    fromHelp: {
      clients:
        "What Claude Desktop, Claude Code, Cursor, VS Code, Windsurf and Zed have set up on the computer where oikos runs. Their files are read and stay as they are.",
      entry: "By the command that starts it, or by its address, as its documentation gives it.",
      file: "A bundle or a description that somebody gave you, on the computer where oikos runs.",
    },
    look: {
      clients: "Look at what your other programs have set up",
      entry: "Look at this server",
      file: "Look at this file",
    },
    looking: "Reading what is there …",
    name: "Name",
    nameHelp: "What you call it. The app gets a name like it.",
    nameLacks: "Give it a name.",
    reached: "How it is reached",
    ways: { command: "By a command", address: "By an address" },
    command: "Command",
    commandHelp: "Such as npx -y @modelcontextprotocol/server-memory. What has spaces in it stands in quotes.",
    commandWords: "Read as these words:",
    commandLacks: "Say which program is started, and with what.",
    commandOpen: "A quote has no end.",
    commandShell:
      "No shell reads this, so |, &, ;, <, > and $ are plain text in these words. A server that needs a shell cannot be imported.",
    emptyWord: "an empty word",
    address: "Address",
    addressHelp: "Such as https://mcp.example.com/mcp",
    addressWrong: "Give the whole address, from https:// on.",
    given: { command: "Environment", address: "Headers" },
    givenHelp: "What looks like a key or a password goes to the vault, not to the app.",
    givenName: "Name",
    givenValue: "Value",
    addGiven: "Add one",
    removeGiven: (name) => `Remove ${name}`,
    removeGivenPlain: "Remove",
    pairLacks: "Each value needs a name.",
    file: "Path of the file",
    fileHelp: "A whole path, such as /home/ada/Downloads/weather.mcpb: a bundle (.mcpb, .dxt) or a server.json.",
    fileWhole: "Give the whole path, from / on.",
    choose: "What was found",
    found: ({ install, update, keep, refuse }) =>
      listed([
        `${install} new`,
        update > 0 && `${update} changed`,
        keep > 0 && `${keep} there already`,
        refuse > 0 && `${refuse} cannot be imported`,
      ]),
    filesRead: (count) => (count === 1 ? "1 file was there" : `${count} files were there`),
    unread: "This could not be read",
    none: "No server was found",
    noneHelp: "None of the files that were read has one. You can add one by its command, its address or its file.",
    groups: { due: "Can be imported", keep: "There already", refuse: "Cannot be imported" },
    actions: { install: "New", update: "Changed", keep: "There already", refuse: "Cannot be imported" },
    done: "Imported just now",
    search: "Search what was found",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} of ${all}`),
    nothingFound: "Nothing that was found has that in its name or its place",
    take: (app) => `Import ${app}`,
    offThere: "Switched off there",
    foundIn: "Found in",
    package: "Package",
    starts: "Would start",
    calls: "Would call",
    asks: "Asks for",
    asksNothing: "Nothing: no file, no network.",
    lines: {
      "file.read": "Read files in",
      "file.write": "Change files in",
      network: "Talk to",
      shell: "Start programs",
    },
    ownerSays: "what you say on its card",
    isGiven: "Is given",
    givens: {
      secret: { has: "a secret that moves to the vault", lacks: "a secret that it needs from you" },
      plain: { has: "taken over", lacks: "not set" },
    },
    required: "needed",
    asksYou: "It asks you",
    answer: "Look again with these answers",
    answerLacks: "It cannot do without this.",
    answerKinds: {
      folder: "A whole path of a folder that it gets to see.",
      file: "A whole path of a file that it gets to see.",
    },
    answerMany: "One on each line.",
    answerSecret: "It goes to the vault. You can also give it later, in the settings of the app.",
    answerKept: "You have given it; it goes to the vault.",
    notes: "You should know",
    refused: "Why not",
    next: "What you can do:",
    toServer: (app) => `Go to ${app}`,
    all: "Choose all",
    noneOf: "Choose none",
    again: "Look again",
    other: "Look elsewhere",
    chosen: counted("chosen", "chosen"),
    go: (count) => (count === 1 ? "Continue with 1" : `Continue with ${count}`),
    goHelp: "One after the other gets ready and shows its card. Nothing is installed before your yes to it.",
    chooseOne: "Choose at least one.",
    turn: (place, all) => `${place} of ${all}`,
    making: "It is being made ready, so that its card can be shown. Nothing is installed yet.",
    makingOf: (title) => `Getting ${title} ready`,
    cardOf: (title) => `Import ${title}?`,
    cardHelp: "It is installed switched off, and in its box from the first moment.",
    origin: "Where it is from",
    install: "Install",
    update: "Upgrade",
    leave: "Leave it out",
    stop: "Leave out all that are left",
    installing: "It is being installed.",
    others: "All that you chose",
    outcomes: { waits: "Waits", now: "Now", imported: "Imported", left: "Left out", failed: "Failed" },
    failed: (title) => `${title} could not be imported.`,
    imported: (title) => `${title} is imported and switched off.`,
    end: "What came of it",
    endOf: (imported, failed, left) =>
      listed([`${imported} imported`, failed > 0 && `${failed} failed`, left > 0 && `${left} left out`]),
    endHelp:
      "New ones are switched off. Look at what tools each has, accept those that you want, and switch it on. Your other programs still start their own ones: take them out there, or connect them to oikos.",
    tools: "Look at its tools",
    toolsOf: (app) => `Look at its tools: ${app}`,
    lacks: (names) => `It still needs from you: ${names}.`,
    toSettings: "Its settings",
    tryAgain: (title) => `Try again: ${title}`,
    more: "Import more",
    servers: "All servers",
    connect: "Connect a client",
  },
  de: {
    title: "Server übernehmen",
    lead: "MCP-Server, die anderswo eingerichtet sind, werden hier zu Apps: jeder in einer eigenen Box, mit einer Karte, die du zuerst siehst, und ausgeschaltet, bis du seine Werkzeuge gesehen hast.",
    nothingDone: "Hier wird nur nachgesehen. Nichts wird installiert, gestartet oder geändert.",
    where: "Woher kommt er?",
    from: { clients: "Deine anderen Programme", entry: "Ein Server", file: "Eine Datei" },
    fromHelp: {
      clients:
        "Was Claude Desktop, Claude Code, Cursor, VS Code, Windsurf und Zed auf dem Rechner eingerichtet haben, auf dem oikos läuft. Ihre Dateien werden gelesen und bleiben, wie sie sind.",
      entry: "Über den Befehl, der ihn startet, oder seine Adresse, wie sie in seiner Anleitung stehen.",
      file: "Ein Bündel oder eine Beschreibung, die dir jemand gegeben hat, auf dem Rechner, auf dem oikos läuft.",
    },
    look: {
      clients: "Nachsehen, was deine anderen Programme eingerichtet haben",
      entry: "Diesen Server ansehen",
      file: "Diese Datei ansehen",
    },
    looking: "Es wird gelesen, was da ist …",
    name: "Name",
    nameHelp: "Wie du ihn nennst. Die App bekommt einen ähnlichen Namen.",
    nameLacks: "Gib ihm einen Namen.",
    reached: "Wie man ihn erreicht",
    ways: { command: "Über einen Befehl", address: "Über eine Adresse" },
    command: "Befehl",
    commandHelp:
      "Zum Beispiel npx -y @modelcontextprotocol/server-memory. Was Leerzeichen hat, steht in Anführungszeichen.",
    commandWords: "Als diese Wörter gelesen:",
    commandLacks: "Sag, welches Programm womit gestartet wird.",
    commandOpen: "Ein Anführungszeichen hat kein Ende.",
    commandShell:
      "Keine Shell liest das, darum sind |, &, ;, <, > und $ in diesen Wörtern nur Text. Ein Server, der eine Shell braucht, lässt sich nicht übernehmen.",
    emptyWord: "ein leeres Wort",
    address: "Adresse",
    addressHelp: "Zum Beispiel https://mcp.example.com/mcp",
    addressWrong: "Gib die ganze Adresse an, ab https://.",
    given: { command: "Umgebung", address: "Kopfzeilen" },
    givenHelp: "Was wie ein Schlüssel oder Passwort aussieht, kommt in den Tresor und nicht in die App.",
    givenName: "Name",
    givenValue: "Wert",
    addGiven: "Eins hinzufügen",
    removeGiven: (name) => `${name} entfernen`,
    removeGivenPlain: "Entfernen",
    pairLacks: "Jeder Wert braucht einen Namen.",
    file: "Pfad der Datei",
    fileHelp: "Ein ganzer Pfad wie /home/ada/Downloads/wetter.mcpb: ein Bündel (.mcpb, .dxt) oder eine server.json.",
    fileWhole: "Gib den ganzen Pfad an, ab /.",
    choose: "Was gefunden wurde",
    found: ({ install, update, keep, refuse }) =>
      listed([
        `${install} neu`,
        update > 0 && `${update} geändert`,
        keep > 0 && `${keep} schon da`,
        refuse > 0 && `${refuse} nicht zu übernehmen`,
      ]),
    filesRead: (count) => (count === 1 ? "1 Datei war da" : `${count} Dateien waren da`),
    unread: "Das ließ sich nicht lesen",
    none: "Es wurde kein Server gefunden",
    noneHelp:
      "In keiner der gelesenen Dateien steht einer. Du kannst einen über seinen Befehl, seine Adresse oder seine Datei hinzufügen.",
    groups: { due: "Lassen sich übernehmen", keep: "Schon da", refuse: "Lassen sich nicht übernehmen" },
    actions: { install: "Neu", update: "Geändert", keep: "Schon da", refuse: "Nicht zu übernehmen" },
    done: "Eben übernommen",
    search: "In dem suchen, was gefunden wurde",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} von ${all}`),
    nothingFound: "Nichts davon hat das im Namen oder im Ort",
    take: (app) => `${app} übernehmen`,
    offThere: "Dort ausgeschaltet",
    foundIn: "Gefunden in",
    package: "Paket",
    starts: "Würde starten",
    calls: "Würde aufrufen",
    asks: "Will",
    asksNothing: "Nichts: keine Datei, kein Netz.",
    lines: {
      "file.read": "Dateien lesen in",
      "file.write": "Dateien ändern in",
      network: "Sprechen mit",
      shell: "Programme starten",
    },
    ownerSays: "was du auf seiner Karte sagst",
    isGiven: "Bekommt",
    givens: {
      secret: { has: "ein Geheimnis, das in den Tresor kommt", lacks: "ein Geheimnis, das er von dir braucht" },
      plain: { has: "wird übernommen", lacks: "nicht gesetzt" },
    },
    required: "nötig",
    asksYou: "Er fragt dich",
    answer: "Mit diesen Antworten noch einmal nachsehen",
    answerLacks: "Ohne das geht es nicht.",
    answerKinds: {
      folder: "Ein ganzer Pfad eines Ordners, den er sehen darf.",
      file: "Ein ganzer Pfad einer Datei, die er sehen darf.",
    },
    answerMany: "Eine in jeder Zeile.",
    answerSecret: "Es kommt in den Tresor. Du kannst es auch später angeben, in den Einstellungen der App.",
    answerKept: "Du hast es angegeben; es kommt in den Tresor.",
    notes: "Das solltest du wissen",
    refused: "Warum nicht",
    next: "Was du tun kannst:",
    toServer: (app) => `Zu ${app}`,
    all: "Alle auswählen",
    noneOf: "Keinen auswählen",
    again: "Noch einmal nachsehen",
    other: "Anderswo nachsehen",
    chosen: counted("ausgewählt", "ausgewählt"),
    go: (count) => (count === 1 ? "Mit 1 weitermachen" : `Mit ${count} weitermachen`),
    goHelp:
      "Einer nach dem anderen wird vorbereitet und zeigt seine Karte. Vor deinem Ja dazu wird nichts installiert.",
    chooseOne: "Wähle mindestens einen aus.",
    turn: (place, all) => `${place} von ${all}`,
    making: "Er wird vorbereitet, damit seine Karte gezeigt werden kann. Noch wird nichts installiert.",
    makingOf: (title) => `${title} wird vorbereitet`,
    cardOf: (title) => `${title} übernehmen?`,
    cardHelp: "Er wird ausgeschaltet installiert und ist vom ersten Moment an in seiner Box.",
    origin: "Woher er kommt",
    install: "Installieren",
    update: "Aktualisieren",
    leave: "Auslassen",
    stop: "Alle übrigen auslassen",
    installing: "Er wird installiert.",
    others: "Alle, die du ausgewählt hast",
    outcomes: { waits: "Wartet", now: "Jetzt", imported: "Übernommen", left: "Ausgelassen", failed: "Fehlgeschlagen" },
    failed: (title) => `${title} ließ sich nicht übernehmen.`,
    imported: (title) => `${title} ist übernommen und ausgeschaltet.`,
    end: "Was daraus wurde",
    endOf: (imported, failed, left) =>
      listed([`${imported} übernommen`, failed > 0 && `${failed} fehlgeschlagen`, left > 0 && `${left} ausgelassen`]),
    endHelp:
      "Neue sind ausgeschaltet. Sieh dir an, welche Werkzeuge jeder hat, nimm an, was du willst, und schalte ihn ein. Deine anderen Programme starten ihre eigenen weiter: Nimm sie dort heraus oder verbinde sie mit oikos.",
    tools: "Seine Werkzeuge ansehen",
    toolsOf: (app) => `Seine Werkzeuge ansehen: ${app}`,
    lacks: (names) => `Er braucht noch von dir: ${names}.`,
    toSettings: "Seine Einstellungen",
    tryAgain: (title) => `Noch einmal versuchen: ${title}`,
    more: "Mehr übernehmen",
    servers: "Alle Server",
    connect: "Einen Client verbinden",
  },
};
