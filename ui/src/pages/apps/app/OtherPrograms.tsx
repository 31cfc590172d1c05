import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Failed } from "@/components/Failed";
import { Choice } from "@/components/Field";
import { Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { useDecide, type Decide } from "@/pages/servers/server/useDecide";
import { shortenText } from "@/text/escape";
import { words as lineWords } from "../lines/words";
import { words } from "./words";

const STATES = ["allow", "ask", "block"] as const;
const TITLE_CHARACTERS_MAX = 128;

/** What of an app other programs may call: its tools, each with the same three choices as a server's. */
export function OtherPrograms({ app }: { app: string }) {
  const said = useWords(words);
  const query = useQuery(reads.serverInfo(app));
  const { refused, decide } = useDecide(app);
  return (
    <Section title={said.programsTitle} aside={said.programsLead}>
      <Asked query={query}>
        {({ server }) => (
          <ul className="space-y-3">
            {server.tools.map((tool) => (
              <li key={tool.action} className="rounded-xl border border-line bg-surface p-4">
                <Tool tool={tool} decide={decide} />
                {refused?.tool === tool.action && <Failed error={refused.error} />}
              </li>
            ))}
          </ul>
        )}
      </Asked>
    </Section>
  );
}

/** What is chosen shows at once; what holds is what oikos answered. */
function Tool({ tool, decide }: { tool: Schemas["ServerToolView"]; decide: Decide }) {
  const said = useWords(words);
  const { states } = useWords(lineWords);
  const [chosen, setChosen] = useState<Schemas["GrantState"] | null>(null);
  const { title } = (tool.accepted ?? {}) as { title?: unknown };
  const choose = async (state: Schemas["GrantState"]) => {
    setChosen(state);
    await decide({ tool: tool.action, state }, said.saved);
    setChosen((now) => (now === state ? null : now));
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div>
        <code className="font-mono font-semibold wrap-anywhere">{tool.action}</code>
        {typeof title === "string" && (
          <p className="text-sm text-muted">
            <bdi>{shortenText(title, TITLE_CHARACTERS_MAX)}</bdi>
          </p>
        )}
      </div>
      <Choice
        legend={said.programsWho(tool.action)}
        value={chosen ?? tool.state}
        options={STATES.map((state) => ({ value: state, label: states[state] }))}
        onChange={(state) => void choose(state)}
      />
    </div>
  );
}
