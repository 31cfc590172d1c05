import { useEffect, useRef } from "react";
import schema from "../../../renderers/markdown/schema.json";
import type { MarkdownData } from "../../../renderers/shared/data";
import { escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { useHost, useViewWords } from "./host";
import { markdownFragment } from "./markdown-fragment";
import type { View } from "./view";

function Markdown({ data }: { data: MarkdownData }) {
  const { openLink } = useHost();
  const { picture } = useViewWords();
  const box = useRef<HTMLDivElement>(null);
  const { title, text } = data;
  useEffect(() => {
    box.current?.replaceChildren(markdownFragment(text, { picture, openLink }));
  }, [text, picture, openLink]);
  return (
    <article className="view-markdown">
      {title && !startsWith(text, title) && <h3>{escapeText(title)}</h3>}
      <div ref={box} />
    </article>
  );
}

/** A text that begins with its title need not say it twice. */
function startsWith(text: string, title: string): boolean {
  const first = /^[#\s]*([^\n]*)/.exec(text)?.[1] ?? "";
  return first.trim() === title.trim();
}

export const view: View<MarkdownData> = { schema, text: texts.markdown, Drawing: Markdown };
