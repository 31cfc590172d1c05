import type { Deed } from "./action";

const newKey: Deed = () => [
  {
    id: "new-key",
    icon: "key",
    label: { en: "New API key", de: "Neuer API-Schlüssel" },
    keywords: { en: "token secret program script", de: "token programm skript" },
    perform: ({ go }) => go("/keys?tab=keys&new=key"),
  },
];

export default newKey;
