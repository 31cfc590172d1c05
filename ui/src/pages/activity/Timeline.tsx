import { useQueryClient } from "@tanstack/react-query";
import { memo, useMemo, useState } from "react";
import { acts } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Button, TextLink } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Icon } from "@/components/Icon";
import { useIsNear, useWhileNear } from "@/components/near";
import { useLanguage, useWords } from "@/i18n";
import type { Entry } from "@/live/log";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { dayText } from "@/text/time";
import { blocksOf, daysOf, undoable, type RunGroup } from "./groups";
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
      {days.map(({ at, groups }, day) => (
        <section key={at} className="mb-6">
          <h3 className="mb-2 font-medium">{dayText(at, language)}</h3>
          <div className="space-y-3">
            {blocksOf(groups).map(({ key, groups }, place) => (
              <Block
                key={key}
                atFirst={day === 0 && place < AT_FIRST}
                groups={groups}
                open={open}
                onUndo={setUndoing}
                onOpen={onOpen}
              />
            ))}
          </div>
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

/** So many are drawn without asking whether they are in view: they are. */
const AT_FIRST = 2;
const HEAD_PX = 42;
const ROW_PX = 56;
const GAP_PX = 12;

const heightOf = (groups: readonly RunGroup[]): number =>
  groups.reduce((sum, { entries }) => sum + GAP_PX + HEAD_PX + ROW_PX * entries.length, -GAP_PX);

interface BlockProps {
  atFirst: boolean;
  groups: readonly RunGroup[];
  open: ReadonlySet<string>;
  onUndo(group: RunGroup): void;
  onOpen(seq: number): void;
}

/** What a few runs did. Thousands of runs may stand on the page: those near the view are drawn. */
function Block({ atFirst, groups, open, onUndo, onOpen }: BlockProps) {
  const { isNear, heightPx, ref } = useWhileNear(atFirst);
  return (
    <ul ref={ref} className="space-y-3" style={isNear ? undefined : { height: heightPx ?? heightOf(groups) }}>
      {isNear &&
        groups.map((group) => (
          <Group
            key={group.key}
            group={group}
            isUndoable={group.run !== null && open.has(group.run)}
            onUndo={onUndo}
            onOpen={onOpen}
          />
        ))}
    </ul>
  );
}

interface GroupProps {
  group: RunGroup;
  isUndoable: boolean;
  onUndo(group: RunGroup): void;
  onOpen(seq: number): void;
}

const isSame = (before: GroupProps, after: GroupProps): boolean =>
  before.isUndoable === after.isUndoable &&
  before.onUndo === after.onUndo &&
  before.onOpen === after.onOpen &&
  before.group.entries.length === after.group.entries.length &&
  before.group.entries.every((entry, place) => entry === after.group.entries[place]);

/** What one run did. */
const Group = memo(function Group({ group, isUndoable, onUndo, onOpen }: GroupProps) {
  const said = useWords(words);
  const name = escapeText(group.app ?? "");
  const short = group.run?.slice(-8);
  return (
    <li className="overflow-clip rounded-xl border border-line bg-surface">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1.5">
        <h4 className="text-sm font-semibold">
          {group.run ? <bdi>{name}</bdi> : said.outside}
          {group.run && <code className="ms-2 font-mono text-xs text-muted">{short}</code>}
        </h4>
        {group.run && (
          <span className="flex flex-wrap items-center gap-3 text-sm">
            {isUndoable && (
              <Button look="quiet" aria-label={`${said.undo}, ${name} ${short}`} onClick={() => onUndo(group)}>
                <Icon name="undo" className="size-4" /> {said.undo}
              </Button>
            )}
            <TextLink href={to.run(group.run)} className="inline-flex min-h-6 items-center pointer-coarse:min-h-11">
              {said.toRun} <span className="sr-only">{short}</span>
            </TextLink>
          </span>
        )}
      </div>
      <ul className="divide-y divide-line">
        {stretches(group.entries).map((entries, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- a stretch is a place, whatever stands there
          <Stretch key={place} atFirst={place === 0} entries={entries} onOpen={onOpen} />
        ))}
      </ul>
    </li>
  );
}, isSame);

/** A run may have thousands of entries too. */
const STRETCH_ENTRIES = 24;

const stretches = (entries: readonly Entry[]): (readonly Entry[])[] =>
  Array.from({ length: Math.ceil(entries.length / STRETCH_ENTRIES) }, (_, place) =>
    entries.slice(place * STRETCH_ENTRIES, (place + 1) * STRETCH_ENTRIES),
  );

function Stretch(props: { atFirst: boolean; entries: readonly Entry[]; onOpen(seq: number): void }) {
  const { atFirst, entries, onOpen } = props;
  const { isNear, ref } = useIsNear(atFirst);
  if (!isNear) return <li ref={ref} style={{ height: ROW_PX * entries.length }} />;
  return entries.map((entry) => <Row key={entry.seq} entry={entry} onOpen={onOpen} />);
}
