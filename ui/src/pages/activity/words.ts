import type { Schemas } from "@/api/client";
import type { Kind, Tally } from "./tell";

interface ActivityWords {
  title: string;
  lead: string;
  filters: string;
  app: string;
  allApps: string;
  kind: string;
  allKinds: string;
  kinds: Record<Kind, string>;
  onlyDenied: string;
  ofRun: string;
  allRuns: string;
  short: string;
  span(entries: string): string;
  wholeSpan(entries: string): string;
  since: string;
  did(tally: Tally, number: (value: number) => string): string;
  moreApps(count: number): string;
  grantsOf: string;
  stop: string;
  stopTitle(app: string): string;
  stopText: string;
  stopped(runs: number): string;
  timeline: string;
  none: string;
  noneYet: string;
  noneFiltered: string;
  everything: string;
  outside: string;
  toRun: string;
  undo: string;
  undoTitle(app: string): string;
  undoText: string;
  undone(app: string): string;
  denied: string;
  unknown: string;
  pruned: string;
  by: Record<Schemas["Door"], string>;
  allowedBy: string;
  grant: string;
  labels: { private: string; stranger: string };
  record: string;
  recordOf(seq: string): string;
  recordHead: string;
  place: string;
  hash: string;
  digest: string;
  recordGone: string;
  earlier: string;
  full: string;
  exportAll: string;
  verify: string;
  holds: string;
  broken: string;
  proved(entries: string): string;
  prunedProof(entries: string): string;
  signed(seq: string): string;
  unsigned: string;
  brokenNext: string;
  breaks: {
    body_changed(seq: string): string;
    hash_mismatch(seq: string): string;
    missing(from: string, to: string): string;
    tail_cut(last: string, signed: string): string;
    head_mismatch(seq: string): string;
    head_refused(line: string): string;
  };
}

const many = (count: number, one: string, more: string, number: (value: number) => string): string =>
  `${number(count)} ${count === 1 ? one : more}`;

/** What there is to tell: nobody reads seven times that nothing happened. */
const told = (parts: readonly (string | false)[]): string => parts.filter(Boolean).join(", ");

export const words: { en: ActivityWords; de: ActivityWords } = {
  en: {
    title: "Activity",
    lead: "What apps did, and what you did, as the log of oikos has it.",
    filters: "What is shown",
    app: "App",
    allApps: "All apps",
    kind: "Kind",
    allKinds: "Everything",
    kinds: {
      runs: "Runs",
      files: "Files",
      network: "Network",
      storage: "Own storage",
      asked: "Questions and answers",
      denied: "Denied",
      yours: "What you did",
      events: "Events",
      oikos: "oikos itself",
    },
    onlyDenied: "Only what was denied",
    ofRun: "Only run",
    allRuns: "Show all runs",
    short: "In short",
    span: (entries) => `In the last ${entries} entries of the log`,
    wholeSpan: (entries) => `In all ${entries} entries of the log`,
    since: "since",
    did: (tally, number) => {
      const read = `read ${many(tally.filesRead, "file", "files", number)}`;
      const untold = tally.readsUntold > 0 ? ` and ${number(tally.readsUntold)} more times not listed one by one` : "";
      return told([
        tally.runs === 0 ? "no runs" : many(tally.runs, "run", "runs", number),
        tally.filesRead + tally.readsUntold > 0 && read + untold,
        tally.filesChanged > 0 && `changed ${many(tally.filesChanged, "file", "files", number)}`,
        // The one no that people look for.
        tally.requests > 0
          ? `used the network ${many(tally.requests, "time", "times", number)}`
          : tally.runs > 0 && "did not use the network",
        tally.asked > 0 && `asked you ${many(tally.asked, "time", "times", number)}`,
        tally.denied > 0 && `was denied ${many(tally.denied, "time", "times", number)}`,
      ]);
    },
    moreApps: (count) => `Show ${count} more apps`,
    grantsOf: "Grants",
    stop: "Stop",
    stopTitle: (app) => `Stop ${app}?`,
    stopText: "All its runs end at once, and it does not start by itself until you enable it again.",
    stopped: (runs) => (runs === 0 ? "Nothing was running." : runs === 1 ? "1 run stopped." : `${runs} runs stopped.`),
    timeline: "One after the other",
    none: "Nothing to show",
    noneYet: "Nothing has happened yet. What apps do stands here as soon as one runs.",
    noneFiltered: "Nothing that was loaded fits.",
    everything: "Show everything",
    outside: "Outside of runs",
    toRun: "To the run",
    undo: "Undo",
    undoTitle: (app) => `Take back what this run of ${app} did to files?`,
    undoText:
      "Changed and removed files come back from the trash, and files that it created go. Where a file was changed since, nothing is taken back. What was sent stays sent.",
    undone: (app) => `Taken back: the run of ${app}`,
    denied: "Denied",
    unknown: "Unknown end",
    pruned: "Its text was pruned; its place and its hash still stand in the chain.",
    by: {
      terminal: "at a terminal",
      socket: "by a program on this machine",
      key: "by an API key",
      page: "in a browser",
      kernel: "by oikos itself",
    },
    allowedBy: "because:",
    grant: "a grant of yours",
    labels: { private: "had read private data", stranger: "had read words of strangers" },
    record: "Record",
    recordOf: (seq) => `Entry ${seq} of the log`,
    recordHead: "As it stands in the log",
    place: "Place in the chain",
    hash: "Hash",
    digest: "Digest of the exact arguments",
    recordGone: "This entry is not among those that are shown. Load earlier ones, or show everything.",
    earlier: "Earlier",
    full: "This page shows no more of one app or run. The rest: oikos log",
    exportAll: "Download what is shown",
    verify: "Verify the chain",
    holds: "The chain holds",
    broken: "The chain does not hold",
    proved: (entries) =>
      `${entries} entries follow from one another, from the first to the last; none was changed or taken out.`,
    prunedProof: (entries) => `Of ${entries} of them the text was pruned; their digests still hold.`,
    signed: (seq) => `This device signed for it up to entry ${seq}.`,
    unsigned: "This device has not signed for it yet, so a cut at the end could not be seen.",
    brokenNext: "Somebody or something changed the store outside of oikos. Keep a copy of the folder before you go on.",
    breaks: {
      body_changed: (seq) => `Entry ${seq} was changed: its text is not what its digest says.`,
      hash_mismatch: (seq) => `Entry ${seq} does not follow from the one before it.`,
      missing: (from, to) => (from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`),
      tail_cut: (last, signed) => `The log was cut off: it ends at entry ${last}, but entry ${signed} was signed.`,
      head_mismatch: (seq) => `Entry ${seq} is not the one that this device signed.`,
      head_refused: (line) => `Line ${line} of audit-heads.jsonl is not one that this device signed.`,
    },
  },
  de: {
    title: "Aktivität",
    lead: "Was Apps getan haben und was du getan hast, so wie es im Protokoll von oikos steht.",
    filters: "Was gezeigt wird",
    app: "App",
    allApps: "Alle Apps",
    kind: "Art",
    allKinds: "Alles",
    kinds: {
      runs: "Läufe",
      files: "Dateien",
      network: "Netzwerk",
      storage: "Eigener Speicher",
      asked: "Fragen und Antworten",
      denied: "Verweigert",
      yours: "Was du getan hast",
      events: "Ereignisse",
      oikos: "oikos selbst",
    },
    onlyDenied: "Nur Verweigertes",
    ofRun: "Nur der Lauf",
    allRuns: "Alle Läufe zeigen",
    short: "Kurz gesagt",
    span: (entries) => `In den letzten ${entries} Einträgen des Protokolls`,
    wholeSpan: (entries) => `In allen ${entries} Einträgen des Protokolls`,
    since: "seit",
    did: (tally, number) => {
      const read = `${many(tally.filesRead, "Datei", "Dateien", number)} gelesen`;
      const untold = tally.readsUntold > 0 ? ` und ${number(tally.readsUntold)}-mal mehr, nicht einzeln genannt` : "";
      return told([
        tally.runs === 0 ? "kein Lauf" : many(tally.runs, "Lauf", "Läufe", number),
        tally.filesRead + tally.readsUntold > 0 && read + untold,
        tally.filesChanged > 0 && `${many(tally.filesChanged, "Datei", "Dateien", number)} geändert`,
        tally.requests > 0
          ? `${number(tally.requests)}-mal das Netzwerk benutzt`
          : tally.runs > 0 && "das Netzwerk nicht benutzt",
        tally.asked > 0 && `dich ${number(tally.asked)}-mal gefragt`,
        tally.denied > 0 && `${number(tally.denied)}-mal abgewiesen`,
      ]);
    },
    moreApps: (count) => `${count} weitere Apps zeigen`,
    grantsOf: "Rechte",
    stop: "Stopp",
    stopTitle: (app) => `${app} stoppen?`,
    stopText: "Alle ihre Läufe enden sofort, und sie startet nicht mehr von selbst, bis du sie wieder einschaltest.",
    stopped: (runs) => (runs === 0 ? "Es lief nichts." : runs === 1 ? "1 Lauf gestoppt." : `${runs} Läufe gestoppt.`),
    timeline: "Eins nach dem anderen",
    none: "Nichts zu zeigen",
    noneYet: "Es ist noch nichts passiert. Was Apps tun, steht hier, sobald eine läuft.",
    noneFiltered: "Nichts von dem, was geladen ist, passt.",
    everything: "Alles zeigen",
    outside: "Außerhalb von Läufen",
    toRun: "Zum Lauf",
    undo: "Rückgängig machen",
    undoTitle: (app) => `Rückgängig machen, was dieser Lauf von ${app} mit Dateien getan hat?`,
    undoText:
      "Geänderte und entfernte Dateien kommen aus dem Papierkorb zurück, angelegte verschwinden. Wurde eine Datei seither geändert, wird nichts zurückgenommen. Was gesendet wurde, bleibt gesendet.",
    undone: (app) => `Rückgängig gemacht: der Lauf von ${app}`,
    denied: "Verweigert",
    unknown: "Ende unbekannt",
    pruned: "Der Text wurde gelöscht; Platz und Hash stehen noch in der Kette.",
    by: {
      terminal: "in einem Terminal",
      socket: "von einem Programm auf diesem Rechner",
      key: "mit einem API-Schlüssel",
      page: "in einem Browser",
      kernel: "von oikos selbst",
    },
    allowedBy: "weil:",
    grant: "ein Recht von dir",
    labels: { private: "hatte Privates gelesen", stranger: "hatte Worte von Fremden gelesen" },
    record: "Eintrag",
    recordOf: (seq) => `Eintrag ${seq} des Protokolls`,
    recordHead: "So steht es im Protokoll",
    place: "Platz in der Kette",
    hash: "Hash",
    digest: "Prüfsumme der genauen Argumente",
    recordGone: "Dieser Eintrag ist nicht unter den gezeigten. Lade frühere oder zeig alles.",
    earlier: "Früheres",
    full: "Mehr zeigt diese Seite von einer App oder einem Lauf nicht. Der Rest: oikos log",
    exportAll: "Gezeigtes herunterladen",
    verify: "Kette prüfen",
    holds: "Die Kette hält",
    broken: "Die Kette hält nicht",
    proved: (entries) =>
      `${entries} Einträge folgen aufeinander, vom ersten bis zum letzten; keiner wurde geändert oder herausgenommen.`,
    prunedProof: (entries) => `Bei ${entries} davon wurde der Text gelöscht; ihre Prüfsummen stimmen noch.`,
    signed: (seq) => `Dieses Gerät hat sie bis Eintrag ${seq} unterschrieben.`,
    unsigned: "Dieses Gerät hat sie noch nicht unterschrieben; ein abgeschnittenes Ende wäre nicht zu sehen.",
    brokenNext:
      "Jemand oder etwas hat den Speicher an oikos vorbei geändert. Heb eine Kopie des Ordners auf, bevor du weitermachst.",
    breaks: {
      body_changed: (seq) => `Eintrag ${seq} wurde geändert: Sein Text ist nicht, was seine Prüfsumme sagt.`,
      hash_mismatch: (seq) => `Eintrag ${seq} folgt nicht aus dem vor ihm.`,
      missing: (from, to) => (from === to ? `Eintrag ${from} fehlt.` : `Die Einträge ${from} bis ${to} fehlen.`),
      tail_cut: (last, signed) =>
        `Das Protokoll wurde abgeschnitten: Es endet bei Eintrag ${last}, aber Eintrag ${signed} wurde unterschrieben.`,
      head_mismatch: (seq) => `Eintrag ${seq} ist nicht der, den dieses Gerät unterschrieben hat.`,
      head_refused: (line) => `Zeile ${line} von audit-heads.jsonl ist keine, die dieses Gerät unterschrieben hat.`,
    },
  },
};
