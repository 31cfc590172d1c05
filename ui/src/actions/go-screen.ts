import { words } from "@/layout/words";
import { ROUTES } from "@/routes";
import type { Action, Deed } from "./action";

const home: Action = {
  id: "go /",
  icon: "apps",
  label: { en: "Go to: Start", de: "Gehe zu: Anfang" },
  keywords: { en: "home overview", de: "start übersicht" },
  perform: ({ go }) => go("/"),
};

const goScreen: Deed = () => [
  ...ROUTES.flatMap(({ path, menu }): Action[] =>
    menu
      ? [
          {
            id: `go ${path}`,
            icon: menu.icon,
            label: { en: `Go to: ${words.en.menu[menu.word]}`, de: `Gehe zu: ${words.de.menu[menu.word]}` },
            // Who reads one language may know a screen by its name in the other.
            keywords: { en: `open ${words.de.menu[menu.word]}`, de: `öffnen ${words.en.menu[menu.word]}` },
            perform: ({ go }) => go(path),
          },
        ]
      : [],
  ),
  home,
];

export default goScreen;
