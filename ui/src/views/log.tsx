import schema from "../../../renderers/log/schema.json";
import type { LogData } from "../../../renderers/shared/data";
import { escapeText } from "../../../renderers/shared/escape";
import { numberText } from "../../../renderers/shared/cells";
import { texts } from "../../../renderers/shared/text";
import { timeText } from "../../../renderers/shared/time";
import { useId } from "react";
import { each } from "./each";
import { useViewWords } from "./host";
import { useWindow } from "./use-window";
import type { View } from "./view";

const LINE_PX = 22;

function Log({ data }: { data: LogData }) {
  const words = useViewWords();
  const id = useId();
  const { lines } = data;
  const { box, first, last, onScroll } = useWindow(lines.length, LINE_PX);
  const drawn = lines.slice(first, last);
  return (
    <section>
      <h3 id={id}>
        {data.title !== undefined && `${escapeText(data.title)} · `}
        {lines.length === 1
          ? words.rowsOne
          : words.rows(numberText(lines.length, words.language), numberText(lines.length, words.language))}
      </h3>
      <div
        ref={box}
        className="view-scroll view-long view-log"
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
              <li aria-setsize={lines.length} aria-posinset={place + 1}>
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

function Line({ line }: { line: LogData["lines"][number] }) {
  const words = useViewWords();
  if (typeof line === "string") return <bdi>{escapeText(line)}</bdi>;
  return (
    <>
      {line.time !== undefined && <span className="view-quiet">{timeText(line.time, words.language)} </span>}
      {line.level !== undefined && (
        <span className={`view-level view-level-${line.level}`}>{words.levels[line.level]} </span>
      )}
      <bdi>{escapeText(line.text)}</bdi>
    </>
  );
}

export const view: View<LogData> = { schema, text: texts.log, Drawing: Log };
