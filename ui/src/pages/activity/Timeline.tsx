import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { acts } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Button, TextLink } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Icon } from "@/components/Icon";
import { useLanguage, useWords } from "@/i18n";
import type { Entry } from "@/live/log";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { dayText } from "@/text/time";
import { daysOf, undoable, type RunGroup } from "./groups";
import { Row } from "./Row";
import { words } from "./words";

interface TimelineProps {
  /** What is drawn, oldest first. */
  shown: readonly Entry[];
  /** What is known, from which it follows whether a run can be taken back. */
  known: readonly Entry[];
  onOpen(seq: number): void;
}

export function Timeline({ shown, known, onOpen }: TimelineProps) {
  const said = useWords(words);
  const language = useLanguage();
  const queries = useQueryClient();
  const [undoing, setUndoing] = useState<RunGroup | null>(null);
  const days = useMemo(() => daysOf(shown), [shown]);
  const open = useMemo(() => undoable(known), [known]);
  const nameOf = (group: RunGroup | null) => escapeText(group?.app ?? "");
  const undo = async ({ run }: RunGroup) => {
    if (!run) return;
    await acts.undo(run);
    announce(said.undone(nameOf(undoing)));
    void queries.invalidateQueries({ queryKey: ["runs"] });
  };
  return (
    <>
      {days.map(({ at, groups }) => (
        <section key={at} className="mb-6">
          <h3 className="mb-2 font-medium">{dayText(at, language)}</h3>
          <ul className="space-y-3">
            {groups.map((group) => (
              <li key={group.key} className="overflow-clip rounded-xl border border-line bg-surface">
                <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1.5">
                  <h4 className="text-sm font-semibold">
                    {group.run ? <bdi>{nameOf(group)}</bdi> : said.outside}
                    {group.run && <code className="ms-2 font-mono text-xs text-muted">{group.run.slice(-8)}</code>}
                  </h4>
                  {group.run && (
                    <span className="flex flex-wrap items-center gap-3 text-sm">
                      {open.has(group.run) && (
                        <Button
                          look="quiet"
                          aria-label={`${said.undo}, ${nameOf(group)} ${group.run.slice(-8)}`}
                          onClick={() => setUndoing(group)}
                        >
                          <Icon name="undo" className="size-4" /> {said.undo}
                        </Button>
                      )}
                      <TextLink
                        href={to.run(group.run)}
                        className="inline-flex min-h-6 items-center pointer-coarse:min-h-11"
                      >
                        {said.toRun} <span className="sr-only">{group.run.slice(-8)}</span>
                      </TextLink>
                    </span>
                  )}
                </div>
                <ul className="divide-y divide-line">
                  {group.entries.map((entry) => (
                    <Row key={entry.seq} entry={entry} onOpen={onOpen} />
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <Confirm
        open={undoing !== null}
        title={said.undoTitle(nameOf(undoing))}
        deed={said.undo}
        act={async () => undoing && undo(undoing)}
        onClose={() => setUndoing(null)}
      >
        <p>{said.undoText}</p>
      </Confirm>
    </>
  );
}
