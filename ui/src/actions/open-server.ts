import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import type { Deed } from "./action";

const TITLE_MAX = 60;

/** MCP servers, once they have been looked at: nobody asks for them because of the palette. */
const openServer: Deed = ({ servers }) =>
  servers.map(({ app, title, waiting }) => {
    const called = `${escapeText(app)} – ${shortenText(title, TITLE_MAX)}`;
    return {
      id: `open-server ${app}`,
      icon: "server",
      label:
        waiting > 0
          ? { en: `Open server: ${called} (${waiting} waiting)`, de: `Server öffnen: ${called} (${waiting} warten)` }
          : { en: `Open server: ${called}`, de: `Server öffnen: ${called}` },
      keywords: { en: "mcp tools accept allow block", de: "mcp werkzeuge annehmen erlauben sperren" },
      perform: ({ go }) => go(to.server(app)),
    };
  });

export default openServer;
