// What the list and the page of a run both say.
import type { FailureCode } from "./state";

interface StateWords {
  nothingReached: string;
  toGrants: string;
  may: string;
  asks: string;
  never: string;
  limits: string;
  stop: string;
  stopRun(app: string, action: string): string;
  stoppedNow: string;
  because: string;
  took: string;
  state: Record<"running" | "done" | "failed" | "stopped" | "interrupted", string>;
  failed: Partial<Record<FailureCode, string>>;
  failedMeaning: Partial<Record<FailureCode, string>>;
}

export const words: { en: StateWords; de: StateWords } = {
  en: {
    nothingReached: "It may reach nothing outside its sandbox.",
    toGrants: "Change what it may do",
    may: "It may",
    asks: "It asks before it may",
    never: "It never may",
    limits: "Its limits",
    stop: "Stop",
    stopRun: (app, action) => `Stop run of ${app}: ${action}`,
    stoppedNow: "Stopped.",
    because: "Started by itself:",
    took: "took",
    state: {
      running: "Under way",
      done: "Done",
      failed: "Failed",
      stopped: "Stopped by you",
      interrupted: "Interrupted",
    },
    failed: {
      timeout: "Time limit",
      cpu_limit: "Computing limit",
      memory_limit: "Memory limit",
      stream_limit: "Output limit",
      operation_limit: "Limit reached",
      host_limit: "Limit reached",
      event_limit: "Limit reached",
      too_large: "Limit reached",
      quota_exceeded: "Storage full",
      permission_denied: "Not allowed",
      network_failed: "Network failed",
      disk_full: "Disk full",
      host_busy: "No room",
    },
    failedMeaning: {
      app_failed: "The app's own code threw an error.",
      permission_denied: "It wanted something that it may not do, or that nobody allowed when it asked.",
      timeout: "It took longer than it may, or made no progress for too long.",
      cpu_limit: "It used up its computing time.",
      memory_limit: "It used up its memory.",
      stream_limit: "It said more than a run may say.",
      operation_limit: "It wanted too much at once.",
      host_limit: "The work that oikos did for it reached its limit.",
      event_limit: "It sent more events than an app may send.",
      too_large: "Something it handed over is larger than one call may carry.",
      quota_exceeded: "The storage of the app is full.",
      network_failed: "A host could not be reached, or did not answer as it should.",
      disk_full: "There was no room to write.",
      host_busy: "The machine had no room for this run.",
      file_unusable: "A file or folder could not be used.",
      invalid_input: "The input does not fit what the action asks for.",
      conflict: "Something changed in between, so going on would have lost work.",
      not_available: "This part of oikos is not in this version.",
      app_stopped: "The app's code cannot be loaded.",
      lease_revoked: "It lost its right to go on.",
      internal: "A fault of oikos itself; its log has the details.",
    },
  },
  de: {
    nothingReached: "Außerhalb ihrer Sandbox darf sie nichts erreichen.",
    toGrants: "Ändern, was sie darf",
    may: "Sie darf",
    asks: "Sie fragt, bevor sie darf",
    never: "Sie darf nie",
    limits: "Ihre Grenzen",
    stop: "Stopp",
    stopRun: (app, action) => `Stopp: Lauf von ${app}, ${action}`,
    stoppedNow: "Gestoppt.",
    because: "Von selbst gestartet:",
    took: "dauerte",
    state: {
      running: "Im Gange",
      done: "Fertig",
      failed: "Fehlgeschlagen",
      stopped: "Von dir gestoppt",
      interrupted: "Unterbrochen",
    },
    failed: {
      timeout: "Zeitgrenze",
      cpu_limit: "Rechenzeitgrenze",
      memory_limit: "Speichergrenze",
      stream_limit: "Ausgabegrenze",
      operation_limit: "Grenze erreicht",
      host_limit: "Grenze erreicht",
      event_limit: "Grenze erreicht",
      too_large: "Grenze erreicht",
      quota_exceeded: "Speicher voll",
      permission_denied: "Nicht erlaubt",
      network_failed: "Netzfehler",
      disk_full: "Platte voll",
      host_busy: "Kein Platz",
    },
    failedMeaning: {
      app_failed: "Im Code der App ist ein Fehler aufgetreten.",
      permission_denied: "Er wollte etwas, das er nicht darf oder das niemand erlaubt hat, als er fragte.",
      timeout: "Er brauchte länger, als er darf, oder kam zu lange nicht voran.",
      cpu_limit: "Seine Rechenzeit ist aufgebraucht.",
      memory_limit: "Sein Arbeitsspeicher ist aufgebraucht.",
      stream_limit: "Er hat mehr gesagt, als ein Lauf sagen darf.",
      operation_limit: "Er wollte zu viel auf einmal.",
      host_limit: "Die Arbeit, die oikos für ihn getan hat, hat ihre Grenze erreicht.",
      event_limit: "Er hat mehr Ereignisse gesendet, als eine App darf.",
      too_large: "Etwas, das er übergeben hat, ist größer, als ein Aufruf tragen kann.",
      quota_exceeded: "Der Speicher der App ist voll.",
      network_failed: "Ein Rechner war nicht zu erreichen oder antwortete nicht, wie er sollte.",
      disk_full: "Zum Schreiben war kein Platz.",
      host_busy: "Der Rechner hatte für diesen Lauf keinen Platz.",
      file_unusable: "Eine Datei oder ein Ordner war nicht zu gebrauchen.",
      invalid_input: "Die Eingabe passt nicht zu dem, was die Aktion verlangt.",
      conflict: "Zwischendurch hat sich etwas geändert; weiterzumachen hätte Arbeit gekostet.",
      not_available: "Dieser Teil von oikos ist in dieser Version nicht enthalten.",
      app_stopped: "Der Code der App lässt sich nicht laden.",
      lease_revoked: "Er hat sein Recht verloren weiterzulaufen.",
      internal: "Ein Fehler von oikos selbst; Näheres steht in seinem Protokoll.",
    },
  },
};
