import { CLIENTS } from "@/pages/servers/connect/clients";
import { to } from "@/routes";
import type { Deed } from "./action";

/** A client of which the name is known; how any other is connected stands there too. */
const connectClient: Deed = () =>
  CLIENTS.map(({ name, title }) => ({
    id: `connect ${name}`,
    icon: "server",
    label: title
      ? { en: `Connect ${title}`, de: `${title} verbinden` }
      : { en: "Connect a client", de: "Einen Client verbinden" },
    keywords: { en: "mcp client model tools editor", de: "mcp client modell werkzeuge editor" },
    perform: ({ go }) => go(to.connect(name)),
  }));

export default connectClient;
