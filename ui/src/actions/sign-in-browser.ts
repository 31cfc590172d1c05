import type { Deed } from "./action";

const signInBrowser: Deed = () => [
  {
    id: "sign-in-browser",
    icon: "key",
    label: { en: "Sign in another browser", de: "Einen anderen Browser anmelden" },
    keywords: { en: "link login phone device", de: "link login handy gerät" },
    perform: ({ go }) => go("/keys?tab=browsers"),
  },
];

export default signInBrowser;
