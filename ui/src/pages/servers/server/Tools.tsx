import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, type Ref } from "react";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty, Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { LOOKS } from "@/pages/grants/families";
import { waitingOf, waits, type Server, type Tool } from "../state";
import { definitionOf } from "./definition";
import { ToolItem } from "./ToolItem";
import { useDecide, type Deciding } from "./useDecide";
import { words } from "./words";

/** So many are drawn without asking whether they are in view. */
const AT_FIRST = 8;

export function Tools({ server }: { server: Server }) {
  const said = useWords(words);
  const deciding = useDecide(server.app);
  const count = useRef<HTMLParagraphElement>(null);
  const waiting = waitingOf(server);
  const others = server.tools.filter((tool) => !waits(tool));
  // What was accepted has gone from where the keyboard was, before or after this is heard.
  const wasAccepted = useRef(false);
  const onAccepted = useCallback(() => {
    wasAccepted.current = true;
    count.current?.focus();
  }, []);
  useEffect(() => {
    if (!wasAccepted.current || document.activeElement !== document.body) return;
    wasAccepted.current = false;
    count.current?.focus();
  });
  return (
    <>
      {waiting.length > 0 ? (
        <Waiting server={server} waiting={waiting} deciding={deciding} count={count} onAccepted={onAccepted} />
      ) : (
        <Count count={0} ref={count} isQuiet />
      )}
      {others.length > 0 && <Others server={server} tools={others} deciding={deciding} onAccepted={onAccepted} />}
      {server.tools.length === 0 && server.looked_at && <Empty title={said.noTools}>{said.noToolsHelp}</Empty>}
    </>
  );
}

function Count({ count, ref, isQuiet = false }: { count: number; ref: Ref<HTMLParagraphElement>; isQuiet?: boolean }) {
  const said = useWords(words);
  return (
    <p ref={ref} tabIndex={-1} className={isQuiet ? "sr-only" : "font-semibold"}>
      {said.waitingCount(count)}
    </p>
  );
}

interface WaitingProps {
  server: Server;
  waiting: readonly Tool[];
  deciding: Deciding;
  count: Ref<HTMLParagraphElement>;
  onAccepted(): void;
}

function Waiting({ server, waiting, deciding, count, onAccepted }: WaitingProps) {
  const said = useWords(words);
  // What is asked about, as it was when somebody began to think about it.
  const [asked, setAsked] = useState<string | null>(null);
  const added = waiting.filter(({ standing }) => standing === "added").length;
  const acceptAll = async () => {
    if (await deciding.decide({ accept: true, seen: asked }, said.acceptedAll)) onAccepted();
  };
  return (
    <Section title={said.waiting}>
      <div className="mb-3 space-y-2">
        <Notice tone="caution">
          <Count count={waiting.length} ref={count} />
          <p className="mt-1">{said.waitingLead}</p>
          <p className="mt-1">{said.acceptMeans}</p>
        </Notice>
        {waiting.length > 1 && (
          <Button onClick={() => setAsked(server.pin)}>
            <Icon name="check" className="size-4" /> {said.acceptAll(waiting.length)} …
          </Button>
        )}
        {deciding.refused?.tool === "" && <Failed error={deciding.refused.error} />}
      </div>
      <List server={server} tools={waiting} deciding={deciding} onAccepted={onAccepted} />
      <Confirm
        open={asked !== null}
        title={said.acceptAllTitle(waiting.length)}
        deed={said.acceptAll(waiting.length)}
        act={acceptAll}
        onClose={() => setAsked(null)}
      >
        <p>{said.acceptAllMeans(added, waiting.length - added)}</p>
      </Confirm>
    </Section>
  );
}

interface ListProps {
  server: Server;
  tools: readonly Tool[];
  deciding: Deciding;
  onAccepted(): void;
}

function Others({ server, tools, deciding, onAccepted }: ListProps) {
  const said = useWords(words);
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = useMemo(
    () => (wanted === "" ? tools : tools.filter((tool) => textOf(tool).includes(wanted))),
    [tools, wanted],
  );
  return (
    <Section title={said.tools} aside={<span role="status">{said.toolCount(shown.length, tools.length)}</span>}>
      {tools.length > AT_FIRST && (
        <search className="mb-3 block max-w-sm">
          <TextField label={said.search} type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </search>
      )}
      {shown.length === 0 ? (
        <Empty title={said.nothingFound} />
      ) : (
        <List server={server} tools={shown} deciding={deciding} onAccepted={onAccepted} />
      )}
      <Legend />
    </Section>
  );
}

const textOf = (tool: Tool): string => `${tool.name}\n${definitionOf(tool).description ?? ""}`.toLowerCase();

function List({ server, tools, deciding, onAccepted }: ListProps) {
  return (
    <ul className="space-y-3">
      {tools.map((tool, place) => (
        <ToolItem
          key={tool.action}
          app={server.app}
          tool={tool}
          pin={server.pin}
          canRun={server.enabled}
          atFirst={place < AT_FIRST}
          decide={deciding.decide}
          error={deciding.refused?.tool === tool.action ? deciding.refused.error : null}
          onAccepted={onAccepted}
        />
      ))}
    </ul>
  );
}

function Legend() {
  const said = useWords(words);
  return (
    <ul className="mt-4 flex flex-wrap gap-x-6 gap-y-1 text-sm text-muted">
      {(["allow", "ask", "block"] as const).map((state) => (
        <li key={state} className="inline-flex items-center gap-1.5">
          <Icon name={LOOKS[state].icon} className="size-4" /> {said.legend[state]}
        </li>
      ))}
    </ul>
  );
}
