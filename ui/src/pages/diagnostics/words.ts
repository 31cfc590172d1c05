import type { LineState } from "@/live/line";

interface DiagnosticsWords {
  title: string;
  lead: string;
  again: string;
  copyAll: string;
  copied: string;
  checks: string;
  allWell: string;
  notWell(count: number): string;
  well: string;
  bad: string;
  better: string;
  next: string;
  log: string;
  logLead: string;
  verify: string;
  holds(entries: number): string;
  broken(entries: number): string;
  signed(seq: number): string;
  unsigned: string;
  pruned(entries: number): string;
  breaks: Record<"body_changed" | "hash_mismatch" | "head_mismatch" | "head_refused", (at: number) => string>;
  missing(from: number, to: number): string;
  tailCut(last: number, signed: number): string;
  connection: string;
  live: string;
  states: Record<LineState, string>;
  page: string;
  binary: string;
  process: string;
  address: string;
  browser: string;
  worker: string;
  workerOn: string;
  workerOff: string;
  unknown: string;
}

export const words: { en: DiagnosticsWords; de: DiagnosticsWords } = {
  en: {
    title: "Diagnostics",
    lead: "Whether all is well, and what to do where it is not. oikos doctor says the same in a terminal.",
    again: "Check again",
    copyAll: "Copy all as text",
    copied: "Copied. There are no secrets in it, but paths and names of apps.",
    checks: "Checks",
    allWell: "All is well.",
    notWell: (count) => (count === 1 ? "1 check is not well." : `${count} checks are not well.`),
    well: "ok",
    bad: "not well",
    better: "note",
    next: "What to do:",
    log: "The log",
    logLead:
      "Each entry holds on to the one before it, and this device signs the newest. Whoever changed or cut something is found out here.",
    verify: "Verify the log",
    holds: (entries) => `The chain holds: ${entries} ${entries === 1 ? "entry" : "entries"}`,
    broken: (entries) => `The chain does not hold: ${entries} ${entries === 1 ? "entry" : "entries"}`,
    signed: (seq) => `signed by this device up to entry ${seq}`,
    unsigned: "not signed yet",
    pruned: (entries) => `${entries} of them pruned`,
    breaks: {
      body_changed: (seq) => `Entry ${seq} was changed after it was written.`,
      hash_mismatch: (seq) => `Entry ${seq} does not follow from the one before it.`,
      head_mismatch: (seq) => `Entry ${seq} is not the one that this device signed.`,
      head_refused: (line) => `Line ${line} of the signed heads was not signed by this device.`,
    },
    missing: (from, to) => (from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`),
    tailCut: (last, signed) => `The log ends with entry ${last}, and this device signed entry ${signed}.`,
    connection: "Connection and versions",
    live: "Live connection",
    states: {
      open: "connected",
      waiting: "not connected, trying",
      ended: "oikos has ended",
      "signed-out": "signed out",
    },
    page: "This page",
    binary: "oikos",
    process: "Process",
    address: "Address",
    browser: "Browser",
    worker: "Works without a connection",
    workerOn: "yes, the page itself; what it shows comes from oikos",
    workerOff: "no",
    unknown: "not known",
  },
  de: {
    title: "Diagnose",
    lead: "Ob alles gut ist, und was zu tun ist, wo nicht. oikos doctor sagt dasselbe im Terminal.",
    again: "Noch einmal prüfen",
    copyAll: "Alles als Text kopieren",
    copied: "Kopiert. Es stehen keine Geheimnisse darin, aber Pfade und Namen von Apps.",
    checks: "Prüfungen",
    allWell: "Alles ist gut.",
    notWell: (count) => (count === 1 ? "1 Prüfung ist nicht gut." : `${count} Prüfungen sind nicht gut.`),
    well: "gut",
    bad: "nicht gut",
    better: "Hinweis",
    next: "Was zu tun ist:",
    log: "Das Protokoll",
    logLead:
      "Jeder Eintrag hält den vorigen fest, und dieses Gerät signiert den neuesten. Wer etwas geändert oder abgeschnitten hat, fällt hier auf.",
    verify: "Protokoll prüfen",
    holds: (entries) => `Die Kette hält: ${entries} ${entries === 1 ? "Eintrag" : "Einträge"}`,
    broken: (entries) => `Die Kette hält nicht: ${entries} ${entries === 1 ? "Eintrag" : "Einträge"}`,
    signed: (seq) => `von diesem Gerät signiert bis Eintrag ${seq}`,
    unsigned: "noch nicht signiert",
    pruned: (entries) => `${entries} davon gekürzt`,
    breaks: {
      body_changed: (seq) => `Eintrag ${seq} wurde nach dem Schreiben geändert.`,
      hash_mismatch: (seq) => `Eintrag ${seq} folgt nicht aus dem vorigen.`,
      head_mismatch: (seq) => `Eintrag ${seq} ist nicht der, den dieses Gerät signiert hat.`,
      head_refused: (line) => `Zeile ${line} der signierten Köpfe ist nicht von diesem Gerät signiert.`,
    },
    missing: (from, to) => (from === to ? `Eintrag ${from} fehlt.` : `Die Einträge ${from} bis ${to} fehlen.`),
    tailCut: (last, signed) =>
      `Das Protokoll endet mit Eintrag ${last}, dieses Gerät hat aber Eintrag ${signed} signiert.`,
    connection: "Verbindung und Versionen",
    live: "Live-Verbindung",
    states: {
      open: "verbunden",
      waiting: "nicht verbunden, versucht es",
      ended: "oikos ist beendet",
      "signed-out": "abgemeldet",
    },
    page: "Diese Seite",
    binary: "oikos",
    process: "Prozess",
    address: "Adresse",
    browser: "Browser",
    worker: "Geht ohne Verbindung auf",
    workerOn: "ja, die Seite selbst; was sie zeigt, kommt von oikos",
    workerOff: "nein",
    unknown: "unbekannt",
  },
};
