/** Dates and numbers as the reader's own region writes the language: in Britain not as in America. */
export function localeOf(language: string): string {
  return navigator.languages.find((wanted) => wanted.split("-", 1)[0] === language) ?? language;
}
