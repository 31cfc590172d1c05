import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { Problem, problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { useWords } from "@/i18n";
import { words } from "./words";

/**
 * Decides; the answer says whether it holds. Who accepts names what was seen: where the server offers something else by now,
 * that is shown in place of being accepted.
 */
export type Decide = (body: Schemas["DecideBody"], done: string) => Promise<boolean>;

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
    (body, done) => {
      const { queryKey } = reads.serverInfo(app);
      const one = async (): Promise<boolean> => {
        setRefused(null);
        try {
          queries.setQueryData(queryKey, await acts.serverDecide(app, body));
          void queries.invalidateQueries({ queryKey: ["servers"], exact: true });
          announce(done);
          return true;
        } catch (error) {
          const isLate = Boolean(body.seen) && problemOf(error).code === "conflict";
          if (isLate) await queries.invalidateQueries({ queryKey, exact: true });
          const told = isLate ? new Problem({ code: "conflict", detail: said.changedMeanwhile }) : error;
          setRefused({ tool: body.tool ?? "", error: told });
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
