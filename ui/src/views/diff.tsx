import { useId, useMemo } from "react";
import schema from "../../../renderers/diff/schema.json";
import { numberText } from "../../../renderers/shared/cells";
import type { DiffData } from "../../../renderers/shared/data";
import { patchDiff, textsDiff, type DiffLine } from "../../../renderers/shared/diff";
import { escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { useViewWords } from "./host";
import { useWindow } from "./use-window";
import type { View } from "./view";

const LINE_PX = 22;
const SIGNS = { same: " ", added: "+", removed: "−", head: " " } as const;

function Difference({ data }: { data: DiffData }) {
  const words = useViewWords();
  const id = useId();
  const { before, after, patch } = data;
  const diff = useMemo(
    () => (patch === undefined ? textsDiff(before ?? "", after ?? "") : patchDiff(patch)),
    [before, after, patch],
  );
  const { lines, added, removed } = diff;
  const { box, first, last, onScroll } = useWindow(lines.length, LINE_PX);
  const drawn = lines.slice(first, last);
  const said = (count: number) => numberText(count, words.language);
  const isSame = added === 0 && removed === 0;
  return (
    <section>
      <h3 id={id}>
        {data.title !== undefined && `${escapeText(data.title)} · `}
        {isSame && patch === undefined ? words.same : words.changed(said(added), said(removed))}
      </h3>
      {diff.is_whole && <p className="view-note">{words.notCompared}</p>}
      <div
        ref={box}
        className="view-scroll view-long view-diff"
        role="region"
        aria-labelledby={id}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
      >
        <ol style={{ height: lines.length * LINE_PX, paddingBlockStart: first * LINE_PX }}>
          {each(
            drawn,
            (line, place) => (
              <li className={`view-diff-${line.kind}`} aria-setsize={lines.length} aria-posinset={place + 1}>
                <Line line={line} />
              </li>
            ),
            first,
          )}
        </ol>
      </div>
    </section>
  );
}

function Line({ line }: { line: DiffLine }) {
  const words = useViewWords();
  const { kind, text, before, after } = line;
  if (kind === "head")
    return <span>{before === undefined ? escapeText(text) : words.unchanged(numberText(before, words.language))}</span>;
  return (
    <>
      <span className="view-line-number" aria-hidden="true">
        {before ?? ""}
      </span>
      <span className="view-line-number" aria-hidden="true">
        {after ?? ""}
      </span>
      <span aria-hidden="true">{SIGNS[kind]} </span>
      {kind !== "same" && <span className="view-unseen">{words[kind]}: </span>}
      <bdi>{escapeText(text)}</bdi>
    </>
  );
}

export const view: View<DiffData> = { schema, text: texts.diff, Drawing: Difference };
