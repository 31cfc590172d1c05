import { Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { each } from "@/views/each";
import type { Server } from "../state";
import { words } from "./words";

/** Of a long list; the rest is said as a number. Clients get all of it. */
const SHOWN_MAX = 100;

interface Extra {
  name: string;
  aside: string;
  description?: string | null | undefined;
}

/** What a server has beside its tools. None of it does anything, so none of it waits for a yes. */
export function Extras({ server: { prompts, resources, templates } }: { server: Server }) {
  const said = useWords(words);
  const wanted = (names: readonly string[] = []) => (names.length === 0 ? "" : said.promptWants(names.join(", ")));
  return (
    <>
      <List
        title={said.prompts}
        all={prompts?.map((one) => ({ name: one.name, aside: wanted(one.arguments), description: one.description }))}
      />
      <List title={said.resources} all={resources?.map((one) => ({ ...one, name: one.uri, aside: one.name }))} />
      <List title={said.templates} all={templates?.map((one) => ({ ...one, name: one.uri, aside: one.name }))} />
    </>
  );
}

function List({ title, all }: { title: string; all: readonly Extra[] | undefined }) {
  const said = useWords(words);
  if (all === undefined || all.length === 0) return null;
  return (
    <Section title={title} aside={`${all.length}`}>
      <ul className="space-y-2 text-sm">
        {each(all.slice(0, SHOWN_MAX), ({ name, aside, description }) => (
          <li className="wrap-anywhere">
            <code className="font-mono">{escapeText(name)}</code>
            {aside !== "" && <span className="text-muted"> {escapeText(aside)}</span>}
            {description && <p className="text-muted">{escapeText(description)}</p>}
          </li>
        ))}
      </ul>
      {all.length > SHOWN_MAX && <p className="mt-2 text-sm text-muted">{said.extrasMore(all.length - SHOWN_MAX)}</p>}
    </Section>
  );
}
