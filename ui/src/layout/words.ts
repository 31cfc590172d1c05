import type { MenuWord } from "@/routes";

interface ShellWords {
  menu: Record<MenuWord, string>;
  navigation: string;
  skip: string;
  more: string;
  stop: string;
  stopAll: string;
  /** Also how many apps the clock and events do not start any more. */
  stopped(runs: number, paused?: number): string;
  nothingRuns: string;
  running(runs: number): string;
  questions(count: number): string;
  palette: string;
  paletteKey: string;
  here: string;
  device: Record<"open" | "waiting" | "ended", string>;
  offline: string;
  offlineEnded: string;
  failedPart: string;
  reload: string;
}

export const words: { en: ShellWords; de: ShellWords } = {
  en: {
    menu: {
      apps: "Apps",
      servers: "Servers",
      runs: "Runs",
      approvals: "Approvals",
      activity: "Activity",
      grants: "Grants",
      schedules: "Schedules",
      logs: "Live log",
      keys: "Publishers and keys",
      settings: "Settings",
      diagnostics: "Diagnostics",
    },
    navigation: "Screens",
    skip: "To the content",
    more: "More",
    stop: "Stop",
    stopAll: "Stop everything",
    stopped: (runs, paused = 0) =>
      (runs === 0 ? "Nothing was running." : runs === 1 ? "1 run stopped." : `${runs} runs stopped.`) +
      (paused > 0 ? ` Apps that do not start by themselves until you let them: ${paused}.` : ""),
    nothingRuns: "Nothing runs",
    running: (runs) => (runs === 1 ? "1 run under way" : `${runs} runs under way`),
    questions: (count) => (count === 1 ? "1 open question" : `${count} open questions`),
    palette: "Search and do",
    paletteKey: "Ctrl K",
    here: "Running on this computer",
    device: { open: "Connected", waiting: "Connecting …", ended: "oikos has ended" },
    offline: "oikos does not answer. What you see may be old; this page goes on by itself when it is back.",
    offlineEnded: "oikos was ended. This page goes on by itself when it is started again: oikos up",
    failedPart: "A part of this page could not be loaded.",
    reload: "Load again",
  },
  de: {
    menu: {
      apps: "Apps",
      servers: "Server",
      runs: "Läufe",
      approvals: "Freigaben",
      activity: "Aktivität",
      grants: "Rechte",
      schedules: "Zeitpläne",
      logs: "Live-Protokoll",
      keys: "Herausgeber, Schlüssel",
      settings: "Einstellungen",
      diagnostics: "Diagnose",
    },
    navigation: "Seiten",
    skip: "Zum Inhalt",
    more: "Mehr",
    stop: "Stopp",
    stopAll: "Alles stoppen",
    stopped: (runs, paused = 0) =>
      (runs === 0 ? "Es lief nichts." : runs === 1 ? "1 Lauf gestoppt." : `${runs} Läufe gestoppt.`) +
      (paused > 0 ? ` Apps, die nicht von selbst starten, bis du sie wieder lässt: ${paused}.` : ""),
    nothingRuns: "Nichts läuft",
    running: (runs) => (runs === 1 ? "1 Lauf ist im Gange" : `${runs} Läufe sind im Gange`),
    questions: (count) => (count === 1 ? "1 offene Frage" : `${count} offene Fragen`),
    palette: "Suchen und tun",
    paletteKey: "Strg K",
    here: "Läuft auf diesem Rechner",
    device: { open: "Verbunden", waiting: "Verbinde …", ended: "oikos ist beendet" },
    offline:
      "oikos antwortet nicht. Was du siehst, kann alt sein; die Seite macht von selbst weiter, sobald es zurück ist.",
    offlineEnded: "oikos wurde beendet. Die Seite macht von selbst weiter, wenn es wieder gestartet wird: oikos up",
    failedPart: "Ein Teil dieser Seite konnte nicht geladen werden.",
    reload: "Neu laden",
  },
};
