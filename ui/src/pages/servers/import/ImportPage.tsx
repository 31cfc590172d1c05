// Servers that other programs have set up become apps: looked for, chosen, shown card by card, installed switched off.
import { useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { acts } from "@/api/operations";
import { Page } from "@/components/Page";
import { useStillHere } from "@/components/still-here";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { Cards } from "./Cards";
import { Choose } from "./Choose";
import { Done } from "./Done";
import { Where } from "./Where";
import { answered, nextOf, type Answers, type Look, type Outcome, type Outcomes, type Source } from "./state";
import { Moved } from "./Step";
import { words } from "./words";

const WAITS: Outcome = { state: "waits" };

export default function ImportPage() {
  const said = useWords(words);
  const [, navigate] = useLocation();
  const [address] = useSearchParams();
  const isStillHere = useStillHere();
  const [hasMoved, setMoved] = useState(false);
  // What was found is nobody else's business, so it is in no address and ends with this page.
  const [look, setLook] = useState<Look | null>(null);
  const [outcomes, setOutcomes] = useState<Outcomes>(new Map());
  const step = look ? stepOf(address.get("step"), outcomes) : "where";
  const go = (next: "choose" | "cards") => {
    setMoved(true);
    navigate(to.importServers(next));
  };
  const lookAt = async (source: Source, answers: Answers = {}) => {
    const { imports } = await acts.importList({ source, ...answered(answers) });
    setLook({ source, answers, found: imports });
    setOutcomes(new Map());
  };
  const begin = (apps: readonly string[]) => {
    setOutcomes((before) => {
      const imported = [...before].filter(([, { state }]) => state === "imported");
      return new Map([...imported, ...apps.map((app) => [app, WAITS] as const)]);
    });
    go("cards");
  };
  const settle = (app: string, outcome: Outcome) => setOutcomes((before) => new Map(before).set(app, outcome));
  const leaveRest = () =>
    setOutcomes(
      (before) => new Map([...before].map(([app, now]) => [app, now.state === "waits" ? { state: "left" } : now])),
    );
  return (
    <Page wide={step === "choose"} title={said.title} lead={said.lead}>
      <Moved value={hasMoved}>
        {step === "where" && <Where onLook={(source) => lookAt(source).then(() => isStillHere() && go("choose"))} />}
        {look && step === "choose" && (
          <Choose
            look={look}
            outcomes={outcomes}
            again={(more) => lookAt(look.source, { ...look.answers, ...more })}
            onGo={begin}
          />
        )}
        {look && step === "cards" && (
          <Cards look={look} outcomes={outcomes} onSettled={settle} onLeaveRest={leaveRest} />
        )}
        {look && step === "done" && <Done look={look} outcomes={outcomes} onAgain={(app) => settle(app, WAITS)} />}
      </Moved>
    </Page>
  );
}

function stepOf(asked: string | null, outcomes: Outcomes): "where" | "choose" | "cards" | "done" {
  if (asked === "choose" || (asked === "cards" && outcomes.size === 0)) return "choose";
  if (asked !== "cards") return "where";
  return nextOf(outcomes) === null ? "done" : "cards";
}
