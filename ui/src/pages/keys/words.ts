import type { Schemas } from "@/api/client";

type Right = Schemas["TokenBody"]["rights"][number];

interface KeysWords {
  title: string;
  tabs: Record<"publishers" | "keys" | "browsers" | "owners", string>;
  parts: string;
  cancel: string;
  publishers: {
    lead: string;
    project: string;
    unnamed: string;
    apps: string;
    noApps: string;
    since: string;
    always: string;
    key: string;
    succeeded: string;
    none: string;
    trust: string;
    trustLead: string;
    which: string;
    whichHelp: string;
    name: string;
    nameHelp: string;
    nameWrong: string;
    deed: string;
    trusted(name: string): string;
    import: string;
    importLead: string;
    statements: string;
    importDeed: string;
    imported(name: string): string;
    fingerprint(name: string): string;
  };
  keys: {
    lead: string;
    none: string;
    noneHow: string;
    make: string;
    ends: string;
    may: string;
    made: string;
    used: string;
    neverUsed: string;
    expires: string;
    noEnd: string;
    over: string;
    revoke: string;
    revokeOf(name: string): string;
    revokeAsk(name: string): string;
    revokeMeans: string;
    name: string;
    nameHelp: string;
    nameWrong: string;
    rights: string;
    rightNone: string;
    right: Record<Right, { label: string; means: string }>;
    never: string;
    expiry: string;
    expiries: Record<"1" | "7" | "30" | "90" | "365" | "", string>;
    deed: string;
    shown(name: string): string;
    once: string;
    secret: string;
    kept: string;
    how: string;
  };
  browsers: {
    lead: string;
    none: string;
    here: string;
    since: string;
    used: string;
    until: string;
    out: string;
    outOf(browser: string): string;
    outHere: string;
    outHereMeans: string;
    some: string;
    unnamed: string;
    link: string;
    linkLead: string;
    linkLabel: string;
    left(seconds: number): string;
    over: string;
    another: string;
    secret: string;
  };
  owners: {
    lead: string;
    first: string;
    since: string;
    make: string;
    name: string;
    nameHelp: string;
    nameWrong: string;
    deed: string;
    made(name: string): string;
    next: string;
  };
}

export const words: { en: KeysWords; de: KeysWords } = {
  en: {
    title: "Publishers and keys",
    tabs: { publishers: "Publishers", keys: "API keys", browsers: "Signed-in browsers", owners: "Owners" },
    parts: "Who is trusted and who may come in",
    cancel: "Cancel",
    publishers: {
      lead: "Whose apps you trust to be theirs. A publisher is a key; its fingerprint says which. Whoever signed an app when you installed it is the only one who can update it.",
      project: "the oikos project",
      unnamed: "(without a name)",
      apps: "Apps",
      noApps: "none here",
      since: "Trusted",
      always: "always: its key is in this program",
      key: "Public key",
      succeeded: "No longer in use. Its successor is",
      none: "You know no publisher yet",
      trust: "Trust a publisher",
      trustLead:
        "Get the fingerprint or the key in another way than the app: from the publisher's own site or from them. Trust says that apps signed with it are theirs, not that they are good.",
      which: "Fingerprint or public key",
      whichHelp: "A fingerprint such as 7769-ba54-…, or a minisign public key that begins with RW.",
      name: "Your name for it (may be empty)",
      nameHelp: "Small letters, digits and -.",
      nameWrong: "Two to 64 small letters, digits and -, beginning with a letter.",
      deed: "Trust this publisher",
      trusted: (name) => `${name} is trusted from now on.`,
      import: "A publisher changed its key",
      importLead:
        "A publisher who changes its key signs a statement with the old one (publisher.successor). With it the new key takes over what the old one had.",
      statements: "Statements",
      importDeed: "Import statements",
      imported: (name) => `Imported. The successor is ${name}.`,
      fingerprint: (name) => `Fingerprint of ${name}`,
    },
    keys: {
      lead: "For programs of yours. A key never installs, grants, answers or lets others in: that takes a person.",
      none: "There is no API key",
      noneHow:
        "Make one for a script or another machine. Each should have its own, so that you can end one without the others.",
      make: "New API key",
      ends: "ends in",
      may: "May",
      made: "Made",
      used: "Last used",
      neverUsed: "never",
      expires: "Ends",
      noEnd: "when you revoke it",
      over: "It has ended: it lets nobody in any more.",
      revoke: "Revoke",
      revokeOf: (name) => `Revoke ${name}`,
      revokeAsk: (name) => `Revoke the API key ${name}?`,
      revokeMeans:
        "It lets nobody in any more, and what is open by it ends at once. Runs that it began go on. This cannot be taken back; you can make a new key.",
      name: "Name",
      nameHelp: "What it is for, such as laptop or backup-script.",
      nameWrong: "Up to 64 small letters, digits and -, beginning with a letter.",
      rights: "What it may do",
      rightNone: "Choose at least one: a key that may do nothing is of no use.",
      right: {
        read: { label: "read", means: "see apps, runs, the log and open questions" },
        run: { label: "run", means: "start runs, stop them, and send events" },
        manage: {
          label: "manage",
          means:
            "switch apps on and off, change their settings, roll back, remove, undo, and have packages fetched to read their cards",
        },
      },
      never: "No key may install, grant, answer questions, make keys or sign anybody in.",
      expiry: "Ends after",
      expiries: {
        "1": "1 day",
        "7": "7 days",
        "30": "30 days",
        "90": "90 days",
        "365": "1 year",
        "": "never, until revoked",
      },
      deed: "Make key",
      shown: (name) => `The API key ${name}`,
      once: "This is the only time you see it. Copy it to where it is needed, or into a password manager. Nobody can show it again, not even oikos.",
      secret: "API key",
      kept: "I have kept it",
      how: "A program sends it with each request, as a header:",
    },
    browsers: {
      lead: "Each of these can do everything that you can do here. Sign out what you do not know.",
      none: "No browser is signed in",
      here: "this browser",
      since: "Signed in",
      used: "Last used",
      until: "Ends",
      out: "Sign out",
      outOf: (browser) => `Sign out ${browser}`,
      outHere: "Sign out this browser?",
      outHereMeans: "You come back with a new link: oikos login link, on the computer where oikos runs.",
      some: "Browser",
      unnamed: "A browser without a name",
      link: "Sign in another browser",
      linkLead:
        "Makes a link that signs one browser in as you, once, within a minute. Whoever has it first is in: send it to nobody.",
      linkLabel: "Link",
      left: (seconds) => `Good for ${seconds} more ${seconds === 1 ? "second" : "seconds"}.`,
      over: "This link is over.",
      another: "Make another link",
      secret: "Open it in the other browser, on this computer or where this address leads to it.",
    },
    owners: {
      lead: "Each owner has apps, grants, keys, browsers and a log of their own, and finds nothing of another's. They are kept apart from each other, not from whoever may use the account that oikos runs in.",
      first: "here from the beginning",
      since: "since",
      make: "New owner",
      name: "Name",
      nameHelp: "Small letters, digits and -, at most 32.",
      nameWrong: "One to 32 small letters, digits and -, beginning with a letter.",
      deed: "Make owner",
      made: (name) => `${name} is an owner now.`,
      next: "To sign in a browser of theirs, on the computer where oikos runs:",
    },
  },
  de: {
    title: "Herausgeber und Schlüssel",
    tabs: { publishers: "Herausgeber", keys: "API-Schlüssel", browsers: "Angemeldete Browser", owners: "Besitzer" },
    parts: "Wem vertraut wird und wer hereindarf",
    cancel: "Abbrechen",
    publishers: {
      lead: "Bei wem du glaubst, dass seine Apps von ihm sind. Ein Herausgeber ist ein Schlüssel; welcher, sagt sein Fingerabdruck. Wer eine App bei der Installation signiert hatte, kann sie als Einziger aktualisieren.",
      project: "das oikos-Projekt",
      unnamed: "(ohne Namen)",
      apps: "Apps",
      noApps: "keine hier",
      since: "Vertraut",
      always: "immer: sein Schlüssel steckt in diesem Programm",
      key: "Öffentlicher Schlüssel",
      succeeded: "Nicht mehr in Gebrauch. Nachfolger ist",
      none: "Du kennst noch keinen Herausgeber",
      trust: "Einem Herausgeber vertrauen",
      trustLead:
        "Hol dir den Fingerabdruck oder den Schlüssel auf einem anderen Weg als die App: von der Seite des Herausgebers oder von ihm selbst. Vertrauen heißt, dass damit signierte Apps von ihm sind, nicht, dass sie gut sind.",
      which: "Fingerabdruck oder öffentlicher Schlüssel",
      whichHelp: "Ein Fingerabdruck wie 7769-ba54-… oder ein öffentlicher Schlüssel von minisign, der mit RW beginnt.",
      name: "Dein Name dafür (darf leer sein)",
      nameHelp: "Kleine Buchstaben, Ziffern und -.",
      nameWrong: "Zwei bis 64 kleine Buchstaben, Ziffern und -, am Anfang ein Buchstabe.",
      deed: "Diesem Herausgeber vertrauen",
      trusted: (name) => `${name} wird von jetzt an vertraut.`,
      import: "Ein Herausgeber hat den Schlüssel gewechselt",
      importLead:
        "Wer den Schlüssel wechselt, signiert mit dem alten eine Erklärung (publisher.successor). Mit ihr übernimmt der neue Schlüssel, was der alte hatte.",
      statements: "Erklärungen",
      importDeed: "Erklärungen einlesen",
      imported: (name) => `Eingelesen. Nachfolger ist ${name}.`,
      fingerprint: (name) => `Fingerabdruck von ${name}`,
    },
    keys: {
      lead: "Für deine Programme. Ein Schlüssel installiert nie, erlaubt nichts, beantwortet nichts und lässt niemanden herein: dazu braucht es einen Menschen.",
      none: "Es gibt keinen API-Schlüssel",
      noneHow:
        "Leg einen für ein Skript oder einen anderen Rechner an. Jeder sollte einen eigenen haben, damit du einen ohne die anderen beenden kannst.",
      make: "Neuer API-Schlüssel",
      ends: "endet auf",
      may: "Darf",
      made: "Angelegt",
      used: "Zuletzt benutzt",
      neverUsed: "nie",
      expires: "Endet",
      noEnd: "wenn du ihn widerrufst",
      over: "Er ist abgelaufen und lässt niemanden mehr herein.",
      revoke: "Widerrufen",
      revokeOf: (name) => `${name} widerrufen`,
      revokeAsk: (name) => `Den API-Schlüssel ${name} widerrufen?`,
      revokeMeans:
        "Er lässt niemanden mehr herein, und was mit ihm offen ist, endet sofort. Läufe, die er begonnen hat, laufen weiter. Das lässt sich nicht zurücknehmen; du kannst einen neuen anlegen.",
      name: "Name",
      nameHelp: "Wofür er ist, etwa laptop oder backup-skript.",
      nameWrong: "Bis zu 64 kleine Buchstaben, Ziffern und -, am Anfang ein Buchstabe.",
      rights: "Was er darf",
      rightNone: "Wähle mindestens eines: ein Schlüssel, der nichts darf, nützt nichts.",
      right: {
        read: { label: "lesen (read)", means: "Apps, Läufe, das Protokoll und offene Fragen sehen" },
        run: { label: "ausführen (run)", means: "Läufe starten und stoppen, Ereignisse senden" },
        manage: {
          label: "verwalten (manage)",
          means:
            "Apps ein- und ausschalten, ihre Einstellungen ändern, zurückgehen, entfernen, zurücknehmen, und Pakete holen lassen, um ihre Karten zu lesen",
        },
      },
      never:
        "Kein Schlüssel darf installieren, Rechte geben, Fragen beantworten, Schlüssel anlegen oder jemanden anmelden.",
      expiry: "Endet nach",
      expiries: {
        "1": "1 Tag",
        "7": "7 Tagen",
        "30": "30 Tagen",
        "90": "90 Tagen",
        "365": "1 Jahr",
        "": "nie, bis zum Widerruf",
      },
      deed: "Schlüssel anlegen",
      shown: (name) => `Der API-Schlüssel ${name}`,
      once: "Du siehst ihn nur dieses eine Mal. Kopiere ihn dorthin, wo er gebraucht wird, oder in einen Passwort-Manager. Niemand kann ihn noch einmal zeigen, auch oikos nicht.",
      secret: "API-Schlüssel",
      kept: "Ich habe ihn aufbewahrt",
      how: "Ein Programm sendet ihn bei jeder Anfrage mit, als Kopfzeile:",
    },
    browsers: {
      lead: "Jeder von diesen kann alles, was du hier kannst. Melde ab, was du nicht kennst.",
      none: "Kein Browser ist angemeldet",
      here: "dieser Browser",
      since: "Angemeldet",
      used: "Zuletzt benutzt",
      until: "Endet",
      out: "Abmelden",
      outOf: (browser) => `${browser} abmelden`,
      outHere: "Diesen Browser abmelden?",
      outHereMeans: "Zurück kommst du mit einem neuen Link: oikos login link, auf dem Rechner, auf dem oikos läuft.",
      some: "Browser",
      unnamed: "Ein Browser ohne Namen",
      link: "Einen anderen Browser anmelden",
      linkLead:
        "Macht einen Link, der einen Browser als dich anmeldet, einmal, innerhalb einer Minute. Wer ihn zuerst hat, ist drin: schick ihn niemandem.",
      linkLabel: "Link",
      left: (seconds) => `Gilt noch ${seconds} ${seconds === 1 ? "Sekunde" : "Sekunden"}.`,
      over: "Dieser Link ist abgelaufen.",
      another: "Neuen Link machen",
      secret: "Öffne ihn im anderen Browser, auf diesem Rechner oder wo diese Adresse zu ihm führt.",
    },
    owners: {
      lead: "Jeder Besitzer hat eigene Apps, Rechte, Schlüssel, Browser und ein eigenes Protokoll und findet nichts von anderen. Sie sind voreinander geschützt, nicht vor dem, der das Konto nutzen darf, in dem oikos läuft.",
      first: "von Anfang an hier",
      since: "seit",
      make: "Neuer Besitzer",
      name: "Name",
      nameHelp: "Kleine Buchstaben, Ziffern und -, höchstens 32.",
      nameWrong: "Ein bis 32 kleine Buchstaben, Ziffern und -, am Anfang ein Buchstabe.",
      deed: "Besitzer anlegen",
      made: (name) => `${name} ist jetzt Besitzer.`,
      next: "Um einen Browser dieser Person anzumelden, auf dem Rechner, auf dem oikos läuft:",
    },
  },
};
