import { acts } from "@/api/operations";
import { waitingOf } from "@/pages/servers/state";
import { words } from "@/pages/servers/server/words";
import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

/** Asks a server which tools it has now. */
const lookServer: Deed = ({ servers, language }) =>
  servers.map(({ app }) => ({
    id: `look-server ${app}`,
    icon: "refresh",
    label: { en: `Look again at server: ${escapeText(app)}`, de: `Server neu ansehen: ${escapeText(app)}` },
    keywords: { en: "mcp tools changed refresh", de: "mcp werkzeuge geändert" },
    perform: async ({ announce }) => {
      const { server } = await acts.serverLook(app);
      announce(words[language].looked(server.tools.length, waitingOf(server).length));
    },
  }));

export default lookServer;
