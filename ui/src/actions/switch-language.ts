import { LANGUAGES } from "@/i18n";
import type { Deed, Texts } from "./action";

const LABELS: Record<(typeof LANGUAGES)[number], Texts> = {
  en: { en: "Language: English", de: "Sprache: Englisch (English)" },
  de: { en: "Language: German (Deutsch)", de: "Sprache: Deutsch" },
};

const switchLanguage: Deed = (known) =>
  LANGUAGES.filter((language) => language !== known.language).map((language) => ({
    id: `language ${language}`,
    icon: "settings",
    label: LABELS[language],
    keywords: { en: "sprache", de: "language" },
    perform: ({ chooseLanguage }) => chooseLanguage(language),
  }));

export default switchLanguage;
