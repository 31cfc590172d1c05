import { useEffect, useRef, type MouseEvent } from "react";
import { elementId } from "./pointer";
import type { Words } from "./words";

export interface SummaryLine {
  pointer: string;
  message: string;
}

/** Everything that is wrong, at the top and with the focus, each a way to its field. */
export function Summary(props: {
  lines: readonly SummaryLine[];
  labels: ReadonlyMap<string, string>;
  formId: string;
  words: Words;
}) {
  const { lines, labels, formId, words } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (lines.length > 0) box.current?.focus();
  }, [lines]);
  if (lines.length === 0) return null;
  const titleId = `${formId}title`;
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      aria-labelledby={titleId}
      className="rounded-lg border border-danger bg-danger-soft px-4 py-3 text-ink"
    >
      {/* No heading: a form stands under headings of any level. */}
      <p id={titleId} className="font-semibold">
        {words.summary(lines.length)}
      </p>
      <ul className="mt-1 list-disc ps-5 text-sm">
        {lines.map((line) => (
          <li key={`${line.pointer} ${line.message}`}>
            <a
              dir="auto"
              href={`#${elementId(formId, line.pointer)}`}
              className="text-danger underline underline-offset-2"
              onClick={(event) => goTo(event, formId, line.pointer)}
            >
              {`${labelAt(labels, line.pointer) ?? words.whole}: ${line.message}`}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The field itself, or the nearest around it that is drawn. The address of the page stays as it is. */
const goTo = (event: MouseEvent, formId: string, pointer: string): void => {
  event.preventDefault();
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const element = document.getElementById(elementId(formId, at));
    if (element === null) continue;
    element.scrollIntoView?.({ block: "center" });
    return element.focus();
  }
};

/** A place without a field of its own goes by the nearest one around it. */
const labelAt = (labels: ReadonlyMap<string, string>, pointer: string): string | undefined => {
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const label = labels.get(at);
    if (label !== undefined) return label;
  }
  return undefined;
};
