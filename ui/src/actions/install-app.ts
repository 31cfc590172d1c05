import { to } from "@/routes";
import type { Deed } from "./action";

const installApp: Deed = () => [
  {
    id: "install-app",
    icon: "plus",
    label: { en: "Install an app", de: "Eine App installieren" },
    keywords: { en: "add new package download", de: "hinzufügen neu paket laden" },
    perform: ({ go }) => go(to.install("")),
  },
];

export default installApp;
