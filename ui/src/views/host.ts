// What a renderer needs from the place it is drawn in: our page, or a view in a frame of any host.
import { createContext, useContext, useMemo } from "react";
import { words, type Words } from "../../../renderers/shared/words";
import type { CellWords } from "../../../renderers/shared/cells";

export interface ViewHost {
  language: "en" | "de";
  /** Asks a person whether to open an address. */
  openLink(url: string): void;
}

export const HostContext = createContext<ViewHost>({ language: "en", openLink: () => {} });

export const useHost = (): ViewHost => useContext(HostContext);

export function useViewWords(): Words & CellWords {
  const { language } = useHost();
  return useMemo(() => ({ ...words[language], language }), [language]);
}
