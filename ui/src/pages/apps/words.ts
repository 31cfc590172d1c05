import type { AppState } from "./state";

interface AppsWords {
  title: string;
  lead: string;
  install: string;
  search: string;
  filters: string;
  filter: Record<"all" | AppState | "unsigned", string>;
  states: Record<AppState, string>;
  stateHelp: Record<AppState, string>;
  /** What it needs of servers and stands for none yet. */
  needs(names: string): string;
  installed: string;
  count(shown: number, all: number): string;
  comes: string;
  comesLead: string;
  none: string;
  noneHelp: string;
  nothingFound: string;
  nothingFoundHelp: string;
  clear: string;
  open: string;
  openApp(app: string): string;
  installStarter: string;
  installStarterOf(title: string): string;
  isInstalled: string;
  unsigned: string;
  official: string;
  system: string;
  publisher: string;
}

export const words: { en: AppsWords; de: AppsWords } = {
  en: {
    title: "Apps",
    lead: "What is installed here. Open an app to run it, and to see what it may touch.",
    install: "Install an app",
    search: "Search apps",
    filters: "Which apps are shown",
    filter: {
      all: "All",
      on: "On",
      off: "Off",
      paused: "Paused",
      unready: "Not ready",
      broken: "Broken",
      unsigned: "Not signed",
    },
    states: { on: "On", off: "Off", paused: "Paused", unready: "Not ready", broken: "Broken" },
    stateHelp: {
      on: "",
      off: "Turned off: it cannot run until you turn it on.",
      paused: "Stopped: it does not start by itself until you turn it on again.",
      unready: "Its set-up has not ended well yet, so it cannot be turned on.",
      broken: "Its code cannot be loaded.",
    },
    needs: (names) => `Needs ${names}`,
    installed: "Installed",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} of ${all}`),
    comes: "Comes with oikos",
    comesLead: "Made by the oikos project and ready to install.",
    none: "No app is installed yet",
    noneHelp: "Take one that comes with oikos, or install one from a folder, an archive or a web address.",
    nothingFound: "No app fits",
    nothingFoundHelp: "Look for another word, or show all apps.",
    clear: "Show all apps",
    open: "Open",
    openApp: (app) => `Open ${app}`,
    installStarter: "Install",
    installStarterOf: (title) => `Install ${title}`,
    isInstalled: "Installed",
    unsigned: "Not signed",
    official: "oikos project",
    system: "Comes with oikos",
    publisher: "Publisher",
  },
  de: {
    title: "Apps",
    lead: "Was hier installiert ist. Öffne eine App, um sie zu starten und zu sehen, was sie darf.",
    install: "App installieren",
    search: "Apps suchen",
    filters: "Welche Apps zu sehen sind",
    filter: {
      all: "Alle",
      on: "An",
      off: "Aus",
      paused: "Pausiert",
      unready: "Nicht bereit",
      broken: "Defekt",
      unsigned: "Nicht signiert",
    },
    states: { on: "An", off: "Aus", paused: "Pausiert", unready: "Nicht bereit", broken: "Defekt" },
    stateHelp: {
      on: "",
      off: "Ausgeschaltet: Sie läuft nicht, bis du sie einschaltest.",
      paused: "Gestoppt: Sie startet nicht von selbst, bis du sie wieder einschaltest.",
      unready: "Ihre Einrichtung ist noch nicht gelungen, darum lässt sie sich nicht einschalten.",
      broken: "Ihr Code lässt sich nicht laden.",
    },
    needs: (names) => `Braucht ${names}`,
    installed: "Installiert",
    count: (shown, all) => (shown === all ? `${all}` : `${shown} von ${all}`),
    comes: "Kommt mit oikos",
    comesLead: "Vom oikos-Projekt gemacht und bereit zum Installieren.",
    none: "Noch ist keine App installiert",
    noneHelp:
      "Nimm eine, die mit oikos kommt, oder installiere eine aus einem Ordner, einem Archiv oder von einer Webadresse.",
    nothingFound: "Keine App passt",
    nothingFoundHelp: "Such nach einem anderen Wort, oder zeig alle Apps.",
    clear: "Alle Apps zeigen",
    open: "Öffnen",
    openApp: (app) => `${app} öffnen`,
    installStarter: "Installieren",
    installStarterOf: (title) => `${title} installieren`,
    isInstalled: "Installiert",
    unsigned: "Nicht signiert",
    official: "oikos-Projekt",
    system: "Kommt mit oikos",
    publisher: "Herausgeber",
  },
};
