import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { useLanguage, useSay } from "@/i18n";
import { theme } from "@/layout/theme";
import { useQuestions } from "@/live/use";
import type { Known } from "./action";

/** What the palette knows: the two lists that the shell has anyway, and what was looked at before. */
export function useKnown(): Known {
  const queries = useQueryClient();
  const apps = useQuery(reads.appList());
  const runs = useQuery(reads.runList());
  const questions = useQuestions();
  const language = useLanguage();
  const say = useSay();
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  const [appList, runList] = [apps.data, runs.data?.runs];
  return useMemo(
    () => ({
      language,
      theme: chosen,
      apps: appList ?? [],
      runs: (runList ?? []).toSorted((a, b) => b.started_at - a.started_at),
      questions,
      actions: actionsSeen(queries),
      say,
    }),
    [appList, runList, questions, language, chosen, say, queries],
  );
}

function actionsSeen(queries: QueryClient): Known["actions"] {
  return queries
    .getQueriesData<Schemas["App"]>({ queryKey: ["apps"], predicate: ({ queryKey }) => queryKey.length === 2 })
    .flatMap(
      ([, seen]) => seen?.app.actions.map(({ name, title }) => ({ app: seen.app.name, action: name, title })) ?? [],
    );
}
