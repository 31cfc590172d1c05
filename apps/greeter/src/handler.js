// @ts-check

/** @typedef {{ name?: string, language?: string, text?: string, groups?: (string | null)[] }} Greeted */

// The greeting of each language, and by which a language is known.
const GREETINGS = /** @type {const} */ ({ de: "Hallo", en: "Hello", es: "Hola", fr: "Bonjour", it: "Ciao", sv: "Hej" });

/**
 * @param {Greeted} args
 * @returns {import("oikos").Result}
 */
export function greet(args) {
  const [said, rest] = args.groups ?? [];
  const language = args.language ?? languageOf(said ?? "") ?? "en";
  const greeting = GREETINGS[/** @type {keyof typeof GREETINGS} */ (language)];
  const name = (args.name ?? nameIn(rest ?? "")).trim();
  const summary = name === "" ? `${greeting}!` : `${greeting}, ${name}!`;
  return { data: { greeting, name, language }, summary };
}

/** @param {string} said */
function languageOf(said) {
  return Object.entries(GREETINGS).find(([, greeting]) => greeting.toLowerCase() === said.toLowerCase())?.[0];
}

/**
 * The name somebody gives when they greet, as in "Hello, I am Ada" or "Hallo, ich bin Ada".
 *
 * @param {string} rest
 */
function nameIn(rest) {
  return /(?:i am|i'm|ich bin|je suis|soy|sono|jag är)\s+(\p{L}[\p{L}'-]{0,79})/iu.exec(rest)?.[1] ?? "";
}
