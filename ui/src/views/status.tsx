import schema from "../../../renderers/status/schema.json";
import { numberText } from "../../../renderers/shared/cells";
import type { State, StatusData } from "../../../renderers/shared/data";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { useViewWords } from "./host";
import type { View } from "./view";

const SIGNS: Readonly<Record<State, string>> = { done: "✓", working: "…", waiting: "○", warning: "!", failed: "✕" };

function Status({ data }: { data: StatusData }) {
  const words = useViewWords();
  const { state, title, text, progress, steps = [] } = data;
  return (
    <section className="view-status">
      <h3>
        <Sign state={state} /> {escapeText(title)}
      </h3>
      {text !== undefined && <p className="view-lines">{escapeLines(text)}</p>}
      {progress !== undefined && (
        <p>
          <progress
            value={Math.min(progress.done, progress.total)}
            max={progress.total}
            aria-label={escapeText(title)}
          />{" "}
          {words.progress(numberText(progress.done, words.language), numberText(progress.total, words.language))}
        </p>
      )}
      {steps.length > 0 && (
        <ol className="view-plain-list">
          {each(steps, (step) => (
            <li>
              <Sign state={step.state} /> {escapeText(step.title)}
              {step.text !== undefined && <span className="view-quiet"> {escapeText(step.text)}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The state in a sign and in a word, so that it does not hang on a color. */
function Sign({ state }: { state: State }) {
  const words = useViewWords();
  return (
    <span className={`view-state view-state-${state}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {words.states[state]}
    </span>
  );
}

export const view: View<StatusData> = { schema, text: texts.status, Drawing: Status };
