import { useWords } from "@/i18n";
import { escapeLines } from "@/text/escape";
import { each } from "@/views/each";
import type { Said } from "./state";
import { words } from "./words";

const CHARACTERS_MAX = 2_000;

const shown = (text: string): string =>
  escapeLines(text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}…` : text);

/** What oikos says of what it read, each with the next step. */
export function Notices({ said: all }: { said: readonly Said[] }) {
  const said = useWords(words);
  return (
    <ul className="space-y-2">
      {each(all, ({ message, hint }) => (
        <li className="wrap-anywhere">
          {/* Over several lines it points into a file, and what it points at stands above its mark. */}
          <p className={message.includes("\n") ? "font-mono text-xs whitespace-pre-wrap" : ""}>{shown(message)}</p>
          {hint && (
            <p className="mt-0.5">
              {said.next} {shown(hint)}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
