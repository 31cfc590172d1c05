/** What the form itself says, in each language. */
import type { Problem } from "./validate";
import type { Draft } from "./context";

export type Language = "en" | "de";

export interface Words {
  required: string;
  summary: (count: number) => string;
  whole: string;
  submit: string;
  choose: string;
  none: string;
  noValue: string;
  add: (label: string) => string;
  addRow: string;
  remove: (label: string) => string;
  moveUp: (label: string) => string;
  moveDown: (label: string) => string;
  row: (number: number) => string;
  removed: (label: string) => string;
  moved: (number: number) => string;
  addTag: string;
  tagHelp: string;
  pickColor: string;
  slider: (label: string) => string;
  json: string;
  notChecked: string;
  someNotChecked: string;
  extra: string;
  notAllowed: (value: string) => string;
  problem: (problem: Problem) => string;
  draft: (draft: Draft) => string;
}

const count = (demand: unknown): string => String(demand);
const list = (demand: unknown): unknown[] => (Array.isArray(demand) ? demand : [demand]);
const shown = (value: unknown): string => (typeof value === "string" ? `“${value}”` : JSON.stringify(value));
const options = (demand: unknown, rest: string): string =>
  list(demand).slice(0, 8).map(shown).join(", ") + (list(demand).length > 8 ? rest : "");
const plural = (demand: unknown, one: string, many: string): string => `${count(demand)} ${demand === 1 ? one : many}`;

const TYPES: Record<Language, Record<string, string>> = {
  en: {
    string: "text",
    number: "a number",
    integer: "a whole number",
    boolean: "yes or no",
    array: "a list",
    object: "a group of fields",
    null: "null",
  },
  de: {
    string: "ein Text",
    number: "eine Zahl",
    integer: "eine ganze Zahl",
    boolean: "Ja oder Nein",
    array: "eine Liste",
    object: "eine Gruppe von Feldern",
    null: "null",
  },
};
const types = (language: Language, demand: unknown, or: string): string =>
  list(demand)
    .map((type) => TYPES[language][String(type)] ?? String(type))
    .join(or);

const en: Words = {
  required: "required",
  summary: (problems) => (problems === 1 ? "There is one problem" : `There are ${problems} problems`),
  whole: "The whole form",
  submit: "Start",
  choose: "Choose…",
  none: "No choice",
  noValue: "No value (null)",
  add: (label) => `Add ${label}`,
  addRow: "Add a row",
  remove: (label) => `Remove ${label}`,
  moveUp: (label) => `Move ${label} up`,
  moveDown: (label) => `Move ${label} down`,
  row: (number) => `row ${number}`,
  removed: (label) => `${label}: removed.`,
  moved: (number) => `Now row ${number}.`,
  addTag: "Add",
  tagHelp: "Enter adds what you typed.",
  pickColor: "Pick a colour",
  slider: (label) => `${label}, as a slider`,
  json: "Written as JSON.",
  notChecked: "Not checked here; it is checked when you start.",
  someNotChecked: "Some of this can only be checked when you start.",
  extra: "Also given",
  notAllowed: (value) => `${value} (not a choice)`,
  draft: (draft) =>
    ({
      notNumber: "Write a number, such as 12 or 1.5.",
      notKept: "This number has more digits than can be kept. Write a shorter one.",
      notJson: "This is not JSON yet.",
      tooDeep: "This is nested too deep or too long.",
      lostNumber: `The number ${draft.detail ?? ""} has more digits than can be kept.`,
    })[draft.code],
  problem: ({ code, demand }) => {
    switch (code) {
      case "required":
        return "Fill this in.";
      case "type":
        return `This has to be ${types("en", demand, " or ")}.`;
      case "const":
        return `This has to be ${options(demand, " …")}.`;
      case "enum":
        return `Choose one of ${options(demand, " …")}.`;
      case "minimum":
        return `At least ${count(demand)}.`;
      case "maximum":
        return `At most ${count(demand)}.`;
      case "exclusiveMinimum":
        return `More than ${count(demand)}.`;
      case "exclusiveMaximum":
        return `Less than ${count(demand)}.`;
      case "multipleOf":
        return `A multiple of ${count(demand)}.`;
      case "minLength":
        return `At least ${plural(demand, "character", "characters")}.`;
      case "maxLength":
        return `At most ${plural(demand, "character", "characters")}.`;
      case "minItems":
        return `At least ${plural(demand, "entry", "entries")}.`;
      case "maxItems":
        return `At most ${plural(demand, "entry", "entries")}.`;
      case "minProperties":
        return `Fill in at least ${plural(demand, "field", "fields")}.`;
      case "maxProperties":
        return `Fill in at most ${plural(demand, "field", "fields")}.`;
      case "contains":
        return `At least ${plural(demand, "entry has", "entries have")} to be of the wanted kind.`;
      case "maxContains":
        return `At most ${plural(demand, "entry", "entries")} of that kind.`;
      case "uniqueItems":
        return "This is in the list twice.";
      case "pattern":
        return `This does not have the wanted form: ${count(demand)}`;
      case "additional":
        return "This field is not known.";
      case "never":
        return "This may not be given.";
      case "not":
        return "This value is not allowed.";
      case "anyOf":
        return "This is none of the allowed forms.";
      case "oneOf":
        return demand === 0 ? "This is none of the allowed forms." : "This fits several forms; only one may fit.";
    }
  },
};

const de: Words = {
  required: "nötig",
  summary: (problems) => (problems === 1 ? "Es gibt ein Problem" : `Es gibt ${problems} Probleme`),
  whole: "Das ganze Formular",
  submit: "Starten",
  choose: "Auswählen …",
  none: "Keine Auswahl",
  noValue: "Kein Wert (null)",
  add: (label) => `${label} hinzufügen`,
  addRow: "Zeile hinzufügen",
  remove: (label) => `${label} entfernen`,
  moveUp: (label) => `${label} nach oben`,
  moveDown: (label) => `${label} nach unten`,
  row: (number) => `Zeile ${number}`,
  removed: (label) => `${label}: entfernt.`,
  moved: (number) => `Jetzt Zeile ${number}.`,
  addTag: "Hinzufügen",
  tagHelp: "Die Eingabetaste fügt das Getippte hinzu.",
  pickColor: "Farbe wählen",
  slider: (label) => `${label}, als Schieberegler`,
  json: "Als JSON geschrieben.",
  notChecked: "Wird hier nicht geprüft, sondern beim Starten.",
  someNotChecked: "Manches davon wird erst beim Starten geprüft.",
  extra: "Außerdem angegeben",
  notAllowed: (value) => `${value} (steht nicht zur Wahl)`,
  draft: (draft) =>
    ({
      notNumber: "Eine Zahl schreiben, etwa 12 oder 1.5, mit Punkt.",
      notKept: "Diese Zahl hat mehr Stellen, als behalten werden können. Bitte eine kürzere schreiben.",
      notJson: "Das ist noch kein JSON.",
      tooDeep: "Das ist zu tief verschachtelt oder zu lang.",
      lostNumber: `Die Zahl ${draft.detail ?? ""} hat mehr Stellen, als behalten werden können.`,
    })[draft.code],
  problem: ({ code, demand }) => {
    switch (code) {
      case "required":
        return "Bitte ausfüllen.";
      case "type":
        return `Hier gehört ${types("de", demand, " oder ")} hin.`;
      case "const":
        return `Hier gehört ${options(demand, " …")} hin.`;
      case "enum":
        return `Eines davon wählen: ${options(demand, " …")}.`;
      case "minimum":
        return `Mindestens ${count(demand)}.`;
      case "maximum":
        return `Höchstens ${count(demand)}.`;
      case "exclusiveMinimum":
        return `Mehr als ${count(demand)}.`;
      case "exclusiveMaximum":
        return `Weniger als ${count(demand)}.`;
      case "multipleOf":
        return `Ein Vielfaches von ${count(demand)}.`;
      case "minLength":
        return `Mindestens ${plural(demand, "Zeichen", "Zeichen")}.`;
      case "maxLength":
        return `Höchstens ${plural(demand, "Zeichen", "Zeichen")}.`;
      case "minItems":
        return `Mindestens ${plural(demand, "Eintrag", "Einträge")}.`;
      case "maxItems":
        return `Höchstens ${plural(demand, "Eintrag", "Einträge")}.`;
      case "minProperties":
        return `Mindestens ${plural(demand, "Feld", "Felder")} ausfüllen.`;
      case "maxProperties":
        return `Höchstens ${plural(demand, "Feld", "Felder")} ausfüllen.`;
      case "contains":
        return `Mindestens ${plural(demand, "Eintrag muss", "Einträge müssen")} von der gewünschten Art sein.`;
      case "maxContains":
        return `Höchstens ${plural(demand, "Eintrag", "Einträge")} dieser Art.`;
      case "uniqueItems":
        return "Das steht zweimal in der Liste.";
      case "pattern":
        return `Das hat nicht die gewünschte Form: ${count(demand)}`;
      case "additional":
        return "Dieses Feld ist unbekannt.";
      case "never":
        return "Das darf nicht angegeben werden.";
      case "not":
        return "Dieser Wert ist nicht erlaubt.";
      case "anyOf":
        return "Das ist keine der erlaubten Formen.";
      case "oneOf":
        return demand === 0
          ? "Das ist keine der erlaubten Formen."
          : "Das passt auf mehrere Formen; nur eine darf passen.";
    }
  },
};

export const WORDS: Record<Language, Words> = { en, de };
