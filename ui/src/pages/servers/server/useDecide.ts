import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { Problem } from "@/api/problem";
import { announce } from "@/components/Announce";
import { useWords } from "@/i18n";
import type { Tool } from "../state";
import { words } from "./words";

/**
 * Decides; the answer says whether it holds. Who accepts names the tools as they were seen: what is something else by now is
 * shown in place of being accepted.
 */
export type Decide = (body: Schemas["DecideBody"], done: string, seen?: readonly Tool[]) => Promise<boolean>;

export interface Deciding {
  /** Why the last decision about a tool (its action, or "" for all) was refused. */
  refused: { tool: string; error: unknown } | null;
  decide: Decide;
}

/** Decisions about the tools of a server, one after the other, so that the last one holds. */
export function useDecide(app: string): Deciding {
  const said = useWords(words);
  const queries = useQueryClient();
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const [refused, setRefused] = useState<Deciding["refused"]>(null);
  const decide = useCallback<Decide>(
    (body, done, seen) => {
      const asked = reads.serverInfo(app);
      const one = async (): Promise<boolean> => {
        setRefused(null);
        try {
          if (seen) {
            const { server } = await queries.fetchQuery({ ...asked, staleTime: 0 });
            const now = server.tools.filter(({ action }) => !body.tool || body.tool === action);
            if (!isAsSeen(seen, now)) throw new Problem({ code: "conflict", detail: said.changedMeanwhile });
          }
          queries.setQueryData(asked.queryKey, await acts.serverDecide(app, body));
          void queries.invalidateQueries({ queryKey: ["servers"], exact: true });
          announce(done);
          return true;
        } catch (error) {
          setRefused({ tool: body.tool ?? "", error });
          return false;
        }
      };
      const deciding = last.current.then(one);
      last.current = deciding;
      return deciding;
    },
    [app, queries, said],
  );
  return { refused, decide };
}

/** Whether nothing is offered but what was seen. */
function isAsSeen(seen: readonly Tool[], now: readonly Tool[]): boolean {
  const offers = (tools: readonly Tool[]) =>
    new Map(tools.flatMap(({ action, offered }) => (offered === undefined ? [] : [[action, JSON.stringify(offered)]])));
  const before = offers(seen);
  return [...offers(now)].every(([action, offered]) => before.get(action ?? "") === offered);
}
