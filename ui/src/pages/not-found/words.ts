interface NotFoundWords {
  title: string;
  lead: string;
  home: string;
  screens: string;
}

export const words: { en: NotFoundWords; de: NotFoundWords } = {
  en: {
    title: "There is nothing here",
    lead: "This address leads to no screen of oikos. It may have been typed wrong, or be of another version.",
    home: "To the start",
    screens: "Or to one of these:",
  },
  de: {
    title: "Hier ist nichts",
    lead: "Diese Adresse führt zu keiner Seite von oikos. Vielleicht ist sie vertippt, oder sie gehört zu einer anderen Version.",
    home: "Zum Anfang",
    screens: "Oder zu einer von diesen:",
  },
};
