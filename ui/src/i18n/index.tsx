// Words in the reader's language. Each screen has its words beside it, English and German of one type, so that a word
// that is missing in one of them does not compile.
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { sayIn, type Templates } from "./sentence";
import english from "./sentences.json";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Sentence = Schemas["Sentence"];

interface Spoken {
  language: Language;
  templates: Templates;
  choose(language: Language): void;
}

const KEPT = "language";

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...navigator.languages].map((word) => word?.slice(0, 2));
  return (
    LANGUAGES.find((language) => language === wanted.find((word) => LANGUAGES.some((known) => known === word))) ?? "en"
  );
}

const Context = createContext<Spoken>({ language: "en", templates: english, choose: () => {} });

export function LanguageProvider({ children, language: fixed }: { children: ReactNode; language?: Language }) {
  const [language, setLanguage] = useState<Language>(fixed ?? firstLanguage);
  const [templates, setTemplates] = useState<Templates>(english);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = "ltr";
    if (language === "en") return setTemplates(english);
    let wanted = true;
    void import("./sentences.de").then(({ german }) => wanted && setTemplates(german));
    return () => {
      wanted = false;
    };
  }, [language]);
  const value = useMemo(
    () => ({
      language,
      templates,
      choose(chosen: Language) {
        localStorage.setItem(KEPT, chosen);
        setLanguage(chosen);
      },
    }),
    [language, templates],
  );
  return <Context value={value}>{children}</Context>;
}

export const useLanguage = (): Language => use(Context).language;
export const useLanguageChoice = (): Pick<Spoken, "language" | "choose"> => use(Context);

/** Words of one screen: `useWords(words)` where `words` is `{ en, de }`. */
export function useWords<T>(words: Record<Language, T>): T {
  return words[useLanguage()];
}

/** Says sentences of oikos in the reader's language. */
export function useSay(): (sentence: Sentence) => string {
  const { language, templates } = use(Context);
  return useMemo(() => (sentence: Sentence) => sayIn(templates, language, sentence), [language, templates]);
}

/** A sentence of oikos. */
export function Say({ sentence }: { sentence: Sentence }) {
  return useSay()(sentence);
}
