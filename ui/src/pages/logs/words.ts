import type { AuditRecord } from "@/pages/activity/tell";

export type Level = "problem" | "care" | "plain";

interface LogsWords {
  title: string;
  lead: string;
  log: string;
  filter: string;
  app: string;
  allApps: string;
  follow: string;
  pause: string;
  goOn: string;
  paused(entries: string): string;
  copy: string;
  copied(lines: string): string;
  earlier: string;
  shown(fitting: string, all: string): string;
  looking: string;
  dropped(entries: string): string;
  none: string;
  noneYet: string;
  noneFits: string;
  pruned: string;
  levels: Record<Level, string>;
  events: Record<AuditRecord["event"], string>;
}

export const words: { en: LogsWords; de: LogsWords } = {
  en: {
    title: "Live log",
    lead: "Each entry of the log as it comes.",
    log: "Entries of the log",
    filter: "Only what contains",
    app: "App",
    allApps: "All apps",
    follow: "Follow",
    pause: "Pause",
    goOn: "Go on",
    paused: (entries) => `Paused; new since then: ${entries}`,
    copy: "Copy",
    copied: (lines) => `Lines copied: ${lines}`,
    earlier: "Earlier",
    shown: (fitting, all) => `${fitting} of ${all} entries`,
    looking: "looking …",
    dropped: (entries) => `${entries} older entries were let go from this page; the log still has them.`,
    none: "Nothing to show",
    noneYet: "Nothing has happened yet. This fills as soon as an app runs.",
    noneFits: "No entry that is loaded fits.",
    pruned: "its text was pruned",
    levels: { problem: "Problem", care: "Attention", plain: "Info" },
    events: {
      run_started: "run began",
      run_ended: "run ended",
      read: "used",
      intent: "announced",
      outcome: "happened",
      denied: "denied",
      asked: "asked",
      answered: "answered",
      granted: "grant",
      app: "app",
      publisher: "publisher",
      access: "access",
      refused: "refused",
      stopped: "stopped",
      undone: "taken back",
      event: "event",
      housekeeping: "oikos",
    },
  },
  de: {
    title: "Live-Protokoll",
    lead: "Jeder Eintrag des Protokolls, sobald er kommt.",
    log: "Einträge des Protokolls",
    filter: "Nur was enthält",
    app: "App",
    allApps: "Alle Apps",
    follow: "Mitlaufen",
    pause: "Anhalten",
    goOn: "Weiter",
    paused: (entries) => `Angehalten; neu seither: ${entries}`,
    copy: "Kopieren",
    copied: (lines) => `Kopierte Zeilen: ${lines}`,
    earlier: "Früheres",
    shown: (fitting, all) => `${fitting} von ${all} Einträgen`,
    looking: "sucht …",
    dropped: (entries) => `${entries} ältere Einträge hat diese Seite losgelassen; im Protokoll stehen sie noch.`,
    none: "Nichts zu zeigen",
    noneYet: "Es ist noch nichts passiert. Das füllt sich, sobald eine App läuft.",
    noneFits: "Kein geladener Eintrag passt.",
    pruned: "der Text wurde gelöscht",
    levels: { problem: "Problem", care: "Achtung", plain: "Info" },
    events: {
      run_started: "Lauf begann",
      run_ended: "Lauf endete",
      read: "benutzt",
      intent: "angekündigt",
      outcome: "geschehen",
      denied: "verweigert",
      asked: "gefragt",
      answered: "beantwortet",
      granted: "Recht",
      app: "App",
      publisher: "Herausgeber",
      access: "Zugang",
      refused: "abgelehnt",
      stopped: "gestoppt",
      undone: "rückgängig",
      event: "Ereignis",
      housekeeping: "oikos",
    },
  },
};
