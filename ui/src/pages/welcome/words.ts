import type { Theme } from "@/layout/theme";

interface WelcomeWords {
  title: string;
  step(step: number, of: number): string;
  steps: string;
  next: string;
  back: string;
  skip: string;
  looksTitle: string;
  language: string;
  theme: string;
  themes: Record<Theme, string>;
  rulesTitle: string;
  here: string;
  rules: readonly [string, string, string];
  appTitle: string;
  appLead: string;
  choose: string;
  chooseOf(title: string): string;
  open: string;
  installed: string;
  none: string;
  noneHelp: string;
  install: string;
  other: string;
}

export const words: { en: WelcomeWords; de: WelcomeWords } = {
  en: {
    title: "Welcome to oikos",
    step: (step, of) => `Step ${step} of ${of}`,
    steps: "First steps",
    next: "Next",
    back: "Back",
    skip: "Skip the first steps",
    looksTitle: "How should oikos look?",
    language: "Language",
    theme: "Colours",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    rulesTitle: "What oikos holds apps to",
    here: "Running on this computer",
    rules: [
      "Before you install an app, its card shows what it may touch, and nothing beyond that is possible.",
      "While it runs, it is locked in: whatever you did not allow is refused or asks you first.",
      "Afterwards you see in plain words what it did, and you can stop it, and take back what it changed in your files.",
    ],
    appTitle: "Choose a first app",
    appLead: "You see its card first and decide there. You can remove it at any time.",
    choose: "Look at its card",
    chooseOf: (title) => `Look at its card: ${title}`,
    open: "Open",
    installed: "Installed",
    none: "This oikos comes with no apps",
    noneHelp: "Install one from a folder, an archive or a web address.",
    install: "Install an app",
    other: "Install from somewhere else",
  },
  de: {
    title: "Willkommen bei oikos",
    step: (step, of) => `Schritt ${step} von ${of}`,
    steps: "Erste Schritte",
    next: "Weiter",
    back: "Zurück",
    skip: "Erste Schritte überspringen",
    looksTitle: "Wie soll oikos aussehen?",
    language: "Sprache",
    theme: "Farben",
    themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
    rulesTitle: "Woran oikos Apps bindet",
    here: "Läuft auf diesem Rechner",
    rules: [
      "Bevor du eine App installierst, zeigt ihre Karte, was sie darf, und mehr ist nicht möglich.",
      "Während sie läuft, ist sie eingesperrt: Was du nicht erlaubt hast, wird abgelehnt, oder sie fragt dich vorher.",
      "Danach siehst du in einfachen Worten, was sie getan hat, kannst sie stoppen und zurücknehmen, was sie an deinen Dateien geändert hat.",
    ],
    appTitle: "Such dir eine erste App aus",
    appLead: "Zuerst siehst du ihre Karte und entscheidest dort. Entfernen kannst du sie jederzeit.",
    choose: "Karte ansehen",
    chooseOf: (title) => `Karte ansehen: ${title}`,
    open: "Öffnen",
    installed: "Installiert",
    none: "Mit diesem oikos kommen keine Apps",
    noneHelp: "Installiere eine aus einem Ordner, einem Archiv oder von einer Webadresse.",
    install: "App installieren",
    other: "Von woanders installieren",
  },
};
