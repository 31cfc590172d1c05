import type { Schemas } from "@/api/client";

interface CardWords {
  install(title: string): string;
  again(title: string, version: string): string;
  upgrade(app: string, from: string, to: string): string;
  replace(app: string, from: string, to: string): string;
  deedInstall: string;
  deedAgain: string;
  deedUpgrade: string;
  deedReplace: string;
  decline: string;
  version(version: string): string;
  claims: string;
  unsigned(fingerprint: string): string;
  look: string;
  decide: string;
  decideChanged: string;
  decideHelp: string;
  nothingAsked: string;
  handed: string;
  never: string;
  limit: string;
  kept: string;
  needs: string;
  later: string;
  notes: string;
  facts: string;
  digest: string;
  files: string;
  zones: string;
  zone: Record<Schemas["Zone"], string>;
  fingerprint: string;
  badge: string;
  notSigned: string;
  badges: Record<Schemas["Card"]["badge"], string>;
  change: string;
  nothingNew: string;
  gone(lines: string): string;
  anew: string;
  rest(count: number): string;
  stays: string;
  same: string;
  lacking(lines: string): string;
  sourceTitle: string;
  sourceLead: string;
  source: string;
  sourceHelp: string;
  lookAt: string;
  checking: string;
  cancel: string;
  refused: string;
  untrustedTitle: string;
  untrusted: string;
  compared: string;
  trust: string;
  unknownTitle: string;
  unknown: string;
  key: string;
  keyHelp: string;
  otherKey: string;
  downgradeTitle: string;
  downgrade: string;
  takeOlder: string;
  other: string;
  changedMeanwhile: string;
  installed(title: string, version: string): string;
}

export const words: { en: CardWords; de: CardWords } = {
  en: {
    install: (title) => `Install ${title}?`,
    again: (title, version) => `Install ${title} ${version} again?`,
    upgrade: (app, from, to) => `Upgrade ${app} ${from} → ${to}?`,
    replace: (app, from, to) => `Replace ${app} ${from} by ${to}?`,
    deedInstall: "Install",
    deedAgain: "Install again",
    deedUpgrade: "Upgrade",
    deedReplace: "Replace",
    decline: "Don't install",
    version: (version) => `Version ${version}`,
    claims: "Says it is by:",
    unsigned: (fingerprint) => `Not signed. It would be signed by this device's own developer key (${fingerprint}).`,
    look: "Look at this twice",
    decide: "What you decide",
    decideChanged: "What is new",
    decideHelp: "Nothing beyond this is possible. You can change each of these at any time.",
    nothingAsked: "It asks for nothing.",
    handed: "May also",
    never: "It can never",
    limit: "Its limits",
    kept: "How this computer keeps it to that",
    needs: "It needs, and that is missing",
    later: "Not in this version of oikos yet",
    notes: "For its author",
    facts: "The package",
    digest: "SHA-256 of the archive",
    files: "Files",
    zones: "Runs",
    zone: { local: "on this computer", cloud: "on servers", browser: "in the browser" },
    fingerprint: "Fingerprint of the key",
    badge: "Signed by",
    notSigned: "Not signed",
    badges: {
      local_developer: "nobody but this device",
      publisher: "its publisher",
      official: "the oikos project",
      system: "Comes with oikos",
    },
    change: "What changes",
    nothingNew: "It asks for nothing that it may not do already.",
    gone: (lines) => `It no longer asks for: ${lines}`,
    anew: "It comes from somebody else, so nothing that you allowed goes on. All of it is asked again.",
    rest: (count) => (count === 1 ? "1 thing stays as you set it" : `${count} things stay as you set them`),
    stays: "stays as it is",
    same: "This very version is installed already. What you allowed stays as it is.",
    lacking: (lines) => `Name a folder for ${lines}, or choose Ask or Block there.`,
    sourceTitle: "Install an app",
    sourceLead: "First you see what it may do. Nothing is installed before your yes.",
    source: "Folder, archive or web address",
    sourceHelp:
      "A whole path on the computer where oikos runs, such as /home/ada/app or /home/ada/app.aisapp, or https://…",
    lookAt: "Look at it",
    checking: "Reading and checking the package …",
    cancel: "Cancel",
    refused: "It was refused",
    untrustedTitle: "Nobody you know signed this",
    untrusted:
      "Only the package itself says whose key this is. Ask the publisher for their fingerprint in another way: by phone, on their web site, on paper. Trust the key only if it is the same, character for character.",
    compared: "I compared this fingerprint with one that did not come with the package",
    trust: "Trust this key",
    unknownTitle: "The key that signed this is not known here",
    unknown: "Ask the publisher for their public key, in another way than by this package, and enter it here.",
    key: "Public key or fingerprint of the publisher",
    keyHelp: "56 characters that begin with RW, or 32 hexadecimal digits",
    otherKey: "That is not the key that signed the package. Do not install it.",
    downgradeTitle: "You had a newer version already",
    downgrade: "What the newer one mended comes back. Take the older one only if you know why.",
    takeOlder: "Look at the older version",
    other: "Another source",
    changedMeanwhile: "The package is another one than before. Look at its card again.",
    installed: (title, version) => `${title} ${version} is installed.`,
  },
  de: {
    install: (title) => `${title} installieren?`,
    again: (title, version) => `${title} ${version} noch einmal installieren?`,
    upgrade: (app, from, to) => `${app} ${from} → ${to} aktualisieren?`,
    replace: (app, from, to) => `${app} ${from} durch ${to} ersetzen?`,
    deedInstall: "Installieren",
    deedAgain: "Noch einmal installieren",
    deedUpgrade: "Aktualisieren",
    deedReplace: "Ersetzen",
    decline: "Nicht installieren",
    version: (version) => `Version ${version}`,
    claims: "Sagt, sie ist von:",
    unsigned: (fingerprint) =>
      `Nicht signiert. Der Entwicklerschlüssel dieses Geräts würde sie signieren (${fingerprint}).`,
    look: "Sieh hier zweimal hin",
    decide: "Das entscheidest du",
    decideChanged: "Das ist neu",
    decideHelp: "Mehr als das ist nicht möglich. Du kannst jedes davon jederzeit ändern.",
    nothingAsked: "Sie will nichts.",
    handed: "Darf auch",
    never: "Das kann sie nie",
    limit: "Ihre Grenzen",
    kept: "Wie dieser Rechner es dabei hält",
    needs: "Das braucht sie, und es fehlt",
    later: "Kann diese Version von oikos noch nicht",
    notes: "Für den, der sie gemacht hat",
    facts: "Das Paket",
    digest: "SHA-256 des Archivs",
    files: "Dateien",
    zones: "Läuft",
    zone: { local: "auf diesem Rechner", cloud: "auf Servern", browser: "im Browser" },
    fingerprint: "Fingerabdruck des Schlüssels",
    badge: "Signiert von",
    notSigned: "Nicht signiert",
    badges: {
      local_developer: "niemandem außer diesem Gerät",
      publisher: "ihrem Herausgeber",
      official: "dem oikos-Projekt",
      system: "Kommt mit oikos",
    },
    change: "Was sich ändert",
    nothingNew: "Sie will nichts, was sie nicht schon darf.",
    gone: (lines) => `Sie will nicht mehr: ${lines}`,
    anew: "Sie kommt von jemand anderem, darum gilt nichts weiter, was du erlaubt hast. Alles wird neu gefragt.",
    rest: (count) =>
      count === 1 ? "1 Recht bleibt, wie du es gesetzt hast" : `${count} Rechte bleiben, wie du sie gesetzt hast`,
    stays: "bleibt, wie es ist",
    same: "Genau diese Version ist schon installiert. Was du erlaubt hast, bleibt, wie es ist.",
    lacking: (lines) => `Nenne einen Ordner für ${lines}, oder wähle dort Fragen oder Sperren.`,
    sourceTitle: "App installieren",
    sourceLead: "Zuerst siehst du, was sie darf. Vor deinem Ja wird nichts installiert.",
    source: "Ordner, Archiv oder Webadresse",
    sourceHelp:
      "Ein ganzer Pfad auf dem Rechner, auf dem oikos läuft, wie /home/ada/app oder /home/ada/app.aisapp, oder https://…",
    lookAt: "Ansehen",
    checking: "Das Paket wird gelesen und geprüft …",
    cancel: "Abbrechen",
    refused: "Sie wurde abgelehnt",
    untrustedTitle: "Das hat niemand signiert, den du kennst",
    untrusted:
      "Nur das Paket selbst sagt, wessen Schlüssel das ist. Frag den Herausgeber auf einem anderen Weg nach seinem Fingerabdruck: am Telefon, auf seiner Website, auf Papier. Vertraue dem Schlüssel nur, wenn er Zeichen für Zeichen gleich ist.",
    compared: "Ich habe diesen Fingerabdruck mit einem verglichen, der nicht mit dem Paket kam",
    trust: "Diesem Schlüssel vertrauen",
    unknownTitle: "Der Schlüssel, der das signiert hat, ist hier nicht bekannt",
    unknown:
      "Frag den Herausgeber auf einem anderen Weg als durch dieses Paket nach seinem öffentlichen Schlüssel und gib ihn hier ein.",
    key: "Öffentlicher Schlüssel oder Fingerabdruck des Herausgebers",
    keyHelp: "56 Zeichen, die mit RW beginnen, oder 32 hexadezimale Ziffern",
    otherKey: "Das ist nicht der Schlüssel, der das Paket signiert hat. Installiere es nicht.",
    downgradeTitle: "Du hattest schon eine neuere Version",
    downgrade: "Was die neuere behoben hat, kommt zurück. Nimm die ältere nur, wenn du weißt, warum.",
    takeOlder: "Die ältere Version ansehen",
    other: "Andere Quelle",
    changedMeanwhile: "Das Paket ist ein anderes als vorhin. Sieh dir die Karte noch einmal an.",
    installed: (title, version) => `${title} ${version} ist installiert.`,
  },
};
