import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { acts, reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Asked } from "@/components/Asked";
import { Failed } from "@/components/Failed";
import { Empty, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { LineEditor } from "../lines/LineEditor";
import type { LineChoice } from "../lines/choices";
import { words } from "./words";

/** What an app may touch, as it holds now. Each change holds at once. */
export function Touch({ app }: { app: string }) {
  const said = useWords(words);
  const queries = useQueryClient();
  const query = useQuery(reads.grantList(app));
  const [refused, setRefused] = useState<{ line: string; error: unknown } | null>(null);
  const set = async (line: string, choices: LineChoice[]) => {
    setRefused(null);
    try {
      const answer = await acts.grantSet(app, choices);
      queries.setQueryData(reads.grantList(app).queryKey, answer);
      queries.setQueryData(reads.grantListAll().queryKey, (all) =>
        all?.map((row) => (row.app === app ? { ...row, grants: answer.grants } : row)),
      );
      await queries.invalidateQueries({ queryKey: ["apps"] });
      announce(said.saved);
    } catch (error) {
      setRefused({ line, error });
    }
  };
  return (
    <Section title={said.touchTitle} aside={said.touchLead}>
      <Asked query={query}>
        {({ grants }) =>
          grants.length === 0 ? (
            <Empty title={said.touchNone}>{said.touchNoneHelp}</Empty>
          ) : (
            <ul className="space-y-3">
              {grants.map((grant) => (
                <li key={grant.line} className="rounded-xl border border-line bg-surface p-4">
                  <LineEditor app={app} line={grant} onChange={(choices) => set(grant.line, choices)}>
                    {refused?.line === grant.line && <Failed error={refused.error} />}
                  </LineEditor>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </Section>
  );
}
