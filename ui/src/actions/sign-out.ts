import type { Deed } from "./action";

/** Leads to the question whether to: a slip of the hand would take a link to come back from. */
const signOut: Deed = () => [
  {
    id: "sign-out",
    icon: "close",
    label: { en: "Sign out this browser", de: "Diesen Browser abmelden" },
    keywords: { en: "log out leave logout", de: "ausloggen logout verlassen" },
    perform: ({ go }) => go("/settings?ask=sign-out"),
  },
];

export default signOut;
