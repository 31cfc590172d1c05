// What a person can start by its name: an action of an app, a tool that its package describes, or a tool of an MCP server,
// which only the server knows.
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { definitionOf } from "@/pages/servers/server/definition";
import { waits } from "@/pages/servers/state";
import { escapeText } from "@/text/escape";

type Action = Schemas["ActionView"];

export interface Startable {
  info: UseQueryResult<Schemas["App"]>;
  found: Action | undefined;
  /** Whether that is known. */
  isKnown: boolean;
  /** Why a tool of a server cannot be called, if so. */
  standing: "waits" | "gone" | "blocked" | null;
}

export function useStartable(app: string, name: string): Startable {
  const info = useQuery(reads.appInfo(app));
  const detail = info.data?.app;
  const own = detail && ownOf(detail, name);
  const mayBeServer = detail !== undefined && detail.actions.length === 0 && (detail.tools ?? []).length === 0;
  const server = useQuery({ ...reads.serverInfo(app), enabled: mayBeServer });
  const tools = server.data?.server.tools ?? [];
  // By the name that it has here; by the server's own where no other has that here.
  const tool = tools.find(({ action }) => action === name) ?? tools.find((known) => known.name === name);
  return {
    info,
    found: own ?? (tool && toolAsAction(tool)),
    isKnown: detail !== undefined && (!mayBeServer || !server.isPending),
    standing: tool ? standingOf(tool) : null,
  };
}

function standingOf(tool: Schemas["ServerToolView"]): Startable["standing"] {
  if (waits(tool)) return "waits";
  if (tool.standing === "gone") return "gone";
  return tool.state === "block" ? "blocked" : null;
}

/** An action, or a tool: what a model can call, a person can as well. */
function ownOf(app: Schemas["AppDetail"], name: string): Action | undefined {
  const action = app.actions.find((action) => action.name === name);
  if (action) return action;
  const tool = app.tools?.find((tool) => tool.name === name);
  return (
    tool && {
      name: tool.name,
      title: escapeText(tool.name),
      input: tool.parameters,
      description: tool.description ?? null,
    }
  );
}

function toolAsAction(tool: Schemas["ServerToolView"]): Action {
  const { title, description, inputSchema } = definitionOf(tool);
  return { name: tool.action, title: title ?? tool.name, description, input: inputSchema ?? { type: "object" } };
}
