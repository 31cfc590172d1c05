// How this machine keeps a program to what it was granted: files, network, processes and memory, each as far as it can.
import type { Schemas } from "@/api/client";
import { Fact } from "@/components/Fact";
import { Pill, type Tone } from "@/components/Pill";
import { Say, useWords } from "@/i18n";
import { words } from "./kept-words";

type BoxFact = Schemas["BoxFact"];
type Hold = BoxFact["hold"];

const TONES: Record<Hold, Tone> = { full: "good", part: "caution", none: "danger" };
const ICONS = { full: "check", part: "warning", none: "close" } as const satisfies Record<Hold, string>;

export function Kept({ facts }: { facts: readonly BoxFact[] }) {
  return (
    <dl className="grid items-baseline gap-x-6 gap-y-3 text-sm sm:grid-cols-[auto_1fr]">
      {facts.map((fact) => (
        <One key={fact.concern} fact={fact} />
      ))}
    </dl>
  );
}

function One({ fact: { concern, hold, sentence, fix } }: { fact: BoxFact }) {
  const said = useWords(words);
  return (
    <Fact name={said.concerns[concern]}>
      <Pill tone={TONES[hold]} icon={ICONS[hold]}>
        {said.holds[hold]}
      </Pill>{" "}
      <bdi>
        <Say sentence={sentence} />
      </bdi>
      {fix && (
        <p className="mt-1 text-muted">
          {said.fix}{" "}
          <bdi>
            <Say sentence={fix} />
          </bdi>
        </p>
      )}
    </Fact>
  );
}
