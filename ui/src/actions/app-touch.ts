import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

const appTouch: Deed = ({ apps }) =>
  apps.map(({ name }) => ({
    id: `app-touch ${name}`,
    icon: "grants",
    label: { en: `What may ${escapeText(name)} touch?`, de: `Was darf ${escapeText(name)} anfassen?` },
    keywords: { en: "grants rights switches permissions allow block", de: "rechte schalter erlauben sperren" },
    perform: ({ go }) => go(to.app(name, "touch")),
  }));

export default appTouch;
