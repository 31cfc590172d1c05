import { to } from "@/routes";
import type { Deed } from "./action";

const importServers: Deed = () => [
  {
    id: "import-servers",
    icon: "server",
    label: { en: "Import servers", de: "Server übernehmen" },
    keywords: {
      en: "mcp add claude cursor vscode windsurf zed mcpb scan",
      de: "mcp hinzufügen importieren claude cursor vscode windsurf zed mcpb",
    },
    perform: ({ go }) => go(to.importServers()),
  },
];

export default importServers;
