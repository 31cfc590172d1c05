import { useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { AreaField, TextField } from "@/components/Field";
import { Panel, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { Heard } from "./Heard";
import { words } from "./words";

const TOPIC = /^(?=.{1,128}$)[a-z][a-z0-9_-]*([.][a-z0-9_-]+){0,7}$/;

/** A form that tells the apps that listen. */
export function EmitEvent() {
  const said = useWords(words);
  const [address] = useSearchParams();
  const [topic, setTopic] = useState(address.get("topic") ?? "");
  const [payload, setPayload] = useState("");
  const [wrong, setWrong] = useState<{ topic?: string; payload?: string }>({});
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [heard, setHeard] = useState<{ topic: string; how: Schemas["EventHeard"] } | null>(null);

  const send = async () => {
    const payloadRead = read(payload);
    const wrong = {
      ...(TOPIC.test(topic) ? {} : { topic: said.topicWrong }),
      ...("problem" in payloadRead ? { payload: `${said.payloadWrong} ${payloadRead.problem}` } : {}),
    };
    setWrong(wrong);
    if (Object.keys(wrong).length > 0 || "problem" in payloadRead) return;
    setBusy(true);
    setError(null);
    setHeard(null);
    try {
      const { heard } = await acts.eventEmit({ topic, ...payloadRead });
      setHeard({ topic, how: heard });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Section title={said.event}>
      <p className="mb-3 text-sm text-muted">{said.eventLead}</p>
      <Panel>
        <form
          noValidate
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void send();
          }}
        >
          <TextField
            label={said.topic}
            help={said.topicHelp}
            problem={wrong.topic ?? null}
            value={topic}
            required
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            onChange={(event) => setTopic(event.target.value)}
          />
          <AreaField
            label={said.payload}
            help={said.payloadHelp}
            problem={wrong.payload ?? null}
            value={payload}
            spellCheck={false}
            className="font-mono text-sm"
            onChange={(event) => setPayload(event.target.value)}
          />
          <Button type="submit" look="main" busy={busy}>
            {said.send}
          </Button>
        </form>
        {error !== null && (
          <div className="mt-4">
            <Failed error={error} />
          </div>
        )}
        <div role="status">{heard && <Heard topic={heard.topic} heard={heard.how} />}</div>
        <details className="mt-4 text-sm">
          <summary className="text-accent">{said.topics}</summary>
          <p className="mt-2">{said.topicsLead}</p>
          <dl className="mt-2 grid gap-x-4 gap-y-1 sm:grid-cols-[auto_1fr]">
            {said.who.map(({ topics, sender }) => (
              <div key={topics} className="contents">
                <dt className="font-mono">{topics}</dt>
                <dd className="text-muted">{sender}</dd>
              </div>
            ))}
          </dl>
        </details>
      </Panel>
    </Section>
  );
}

/** What was typed as JSON; nothing is no payload. */
function read(text: string): { payload?: unknown } | { problem: string } {
  if (text.trim() === "") return {};
  try {
    return { payload: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
