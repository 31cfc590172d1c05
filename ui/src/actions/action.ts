// What the palette offers: each kind of deed in a file of its own, listed in index.ts.
import type { Schemas } from "@/api/client";
import type { IconName } from "@/components/Icon";
import type { Language } from "@/i18n";
import type { Theme } from "@/layout/theme";

export type Texts = Record<Language, string>;

/** What is known without asking oikos once more for it. */
export interface Known {
  language: Language;
  theme: Theme;
  apps: readonly Schemas["AppSummary"][];
  /** Newest first. */
  runs: readonly Schemas["RunSummary"][];
  /** Oldest first. */
  questions: readonly Schemas["Question"][];
  /** Actions of apps that were looked at lately. */
  actions: readonly { app: string; action: string; title: string }[];
  /** MCP servers, where they were looked at before, and how many of their tools wait for a yes. */
  servers: readonly { app: string; title: string; waiting: number }[];
  say(sentence: Schemas["Sentence"]): string;
}

/** What a deed may use. */
export interface Tools {
  go(address: string): void;
  announce(text: string): void;
  chooseLanguage(language: Language): void;
}

export interface Action {
  /** The same from one drawing to the next. */
  id: string;
  icon: IconName;
  /** Foreign text in it is escaped. */
  label: Texts;
  /** Other words for it. */
  keywords?: Texts;
  perform(tools: Tools): void | Promise<void>;
}

/** One kind of deed: what of it can be done now. */
export type Deed = (known: Known) => readonly Action[];
