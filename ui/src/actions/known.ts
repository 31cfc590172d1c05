import { notifyManager, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { useLanguage, useSay } from "@/i18n";
import { theme } from "@/layout/theme";
import { useQuestions } from "@/live/use";
import { waitingOf } from "@/pages/servers/state";
import type { Known } from "./action";

/** What the palette knows: the two lists that the shell has anyway, and what was looked at before. */
export function useKnown(): Known {
  const apps = useQuery(reads.appList());
  const runs = useQuery(reads.runList());
  const questions = useQuestions();
  const language = useLanguage();
  const say = useSay();
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  const actions = useActionsSeen();
  const servers = useServersSeen();
  const [appList, runList] = [apps.data, runs.data?.runs];
  return useMemo(
    () => ({
      language,
      theme: chosen,
      apps: appList ?? [],
      runs: (runList ?? []).toSorted((a, b) => b.started_at - a.started_at),
      questions,
      actions,
      servers,
      say,
    }),
    [appList, runList, questions, language, chosen, say, actions, servers],
  );
}

const EACH_APP = {
  queryKey: ["apps"],
  predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey.length === 2,
};

/** Of the apps that were looked at, also of one whose answer comes only now. */
function useActionsSeen(): Known["actions"] {
  const queries = useQueryClient();
  const cache = queries.getQueryCache();
  const subscribe = useCallback((heard: () => void) => cache.subscribe(notifyManager.batchCalls(heard)), [cache]);
  const seen = useSyncExternalStore(subscribe, () =>
    cache
      .findAll(EACH_APP)
      .map(({ queryHash, state }) => `${queryHash} ${state.dataUpdatedAt}`)
      .join(),
  );
  return useMemo(() => (seen === "" ? [] : actionsSeen(queries)), [seen, queries]);
}

/** As the list of servers has them, if it was asked for: it is long, since it has all their tools. */
function useServersSeen(): Known["servers"] {
  const { data } = useQuery({ ...reads.serverList(), enabled: false });
  return useMemo(
    () =>
      (data?.servers ?? []).map((server) => ({
        app: server.app,
        title: server.title,
        waiting: waitingOf(server).length,
      })),
    [data],
  );
}

function actionsSeen(queries: QueryClient): Known["actions"] {
  return queries
    .getQueriesData<Schemas["App"]>(EACH_APP)
    .flatMap(
      ([, seen]) => seen?.app.actions.map(({ name, title }) => ({ app: seen.app.name, action: name, title })) ?? [],
    );
}
