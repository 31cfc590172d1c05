import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { acts, reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { CopyButton } from "@/components/CopyButton";
import { TextField } from "@/components/Field";
import { Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { Time } from "@/components/Time";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { DeedForm } from "./DeedForm";
import { words } from "./words";

const NAME = /^(?!oikos$)[a-z][a-z0-9-]{0,31}$/;

export function Owners() {
  const said = useWords(words).owners;
  const { tabs } = useWords(words);
  const owners = useQuery(reads.ownerList());
  return (
    <>
      <Section title={tabs.owners}>
        <p className="mb-4 text-sm text-muted">{said.lead}</p>
        <Asked query={owners}>
          {({ owners }) => (
            <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
              {owners.map((owner) => (
                <li key={owner.id} className="flex flex-wrap gap-x-3 px-4 py-3">
                  <bdi className="font-medium">{escapeText(owner.name)}</bdi>
                  <span className="text-sm text-muted">
                    {owner.since ? (
                      <>
                        {said.since} <Time at={owner.since} />
                      </>
                    ) : (
                      said.first
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Asked>
      </Section>
      <NewOwner />
    </>
  );
}

function NewOwner() {
  const said = useWords(words).owners;
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const line = `oikos --owner ${made ?? ""} login link`;
  return (
    <Section title={said.make}>
      <DeedForm
        deed={said.deed}
        act={async () => {
          setMade(null);
          setWrong(!NAME.test(name));
          if (!NAME.test(name)) return;
          const { owner } = await acts.ownerNew(name);
          setMade(owner.name);
          setName("");
          await queries.invalidateQueries({ queryKey: ["owners"] });
        }}
      >
        <TextField
          label={said.name}
          help={said.nameHelp}
          problem={wrong ? said.nameWrong : null}
          value={name}
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
      </DeedForm>
      <div role="status" className="mt-3">
        {made && (
          <Notice tone="good" title={said.made(escapeText(made))}>
            <p>{said.next}</p>
            <p className="flex flex-wrap items-center gap-2">
              <code className="font-mono">{line}</code>
              <CopyButton text={line} />
            </p>
          </Notice>
        )}
      </div>
    </Section>
  );
}
