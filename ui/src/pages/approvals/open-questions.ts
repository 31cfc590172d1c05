import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { line } from "@/live/line";
import { useQuestions } from "@/live/use";

/** What is open, oldest first: what the line has told and what oikos answers, less what was settled since. */
export function useOpenQuestions() {
  const told = useQuestions();
  const query = useQuery(reads.approvalList());
  const [settled, setSettled] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => line.onSettled((id) => setSettled((before) => new Set(before).add(id))), []);
  const questions = useMemo(() => {
    const known = new Map<string, Schemas["Question"]>();
    for (const question of [...(query.data?.questions ?? []), ...told]) known.set(question.id, question);
    return [...known.values()].filter(({ id }) => !settled.has(id)).toSorted((a, b) => a.asked_at - b.asked_at);
  }, [told, query.data, settled]);
  return { questions, query };
}
