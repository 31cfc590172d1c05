import { theme, THEMES } from "@/layout/theme";
import type { Deed, Texts } from "./action";

const LABELS: Record<(typeof THEMES)[number], Texts> = {
  system: { en: "Colours: as the system", de: "Farben: wie das System" },
  light: { en: "Colours: light", de: "Farben: hell" },
  dark: { en: "Colours: dark", de: "Farben: dunkel" },
};

const switchTheme: Deed = (known) =>
  THEMES.filter((chosen) => chosen !== known.theme).map((chosen) => ({
    id: `theme ${chosen}`,
    icon: "settings",
    label: LABELS[chosen],
    keywords: { en: "theme appearance mode night", de: "aussehen thema theme nacht" },
    perform: () => theme.set(chosen),
  }));

export default switchTheme;
