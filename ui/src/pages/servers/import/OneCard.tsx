// One server: made ready, shown, and taken or left.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useId, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { installOffer, offerImport, type Step as Progress } from "@/api/import";
import { acts } from "@/api/operations";
import { Button, Spinner } from "@/components/Button";
import { Panel } from "@/components/Page";
import { Elapsed } from "@/components/Time";
import { useSay, useWords } from "@/i18n";
import { CardView } from "@/pages/apps/card/CardView";
import { choicesOf, draftsAsFound, lackingOf, type Drafts } from "@/pages/apps/card/shown";
import { words as cardWords } from "@/pages/apps/card/words";
import { shortenText } from "@/text/escape";
import { each } from "@/views/each";
import { answered, type Answers, type Found, type Outcome, type Source } from "./state";
import { Step } from "./Step";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const NOTE_CHARACTERS_MAX = 600;
const CHANGED = [["apps"], ["grants"], ["settings"], ["servers"]];

type Offered = Schemas["ImportOffered"];

interface OneCardProps {
  source: Source;
  answers: Answers;
  server: Found;
  /** Which of how many it is. */
  turn: string;
  onSettled(outcome: Outcome): void;
}

export function OneCard({ source, answers, server, turn, onSettled }: OneCardProps) {
  const said = useWords(words);
  const card = useWords(cardWords);
  const queries = useQueryClient();
  const reason = useId();
  const [progress, setProgress] = useState<Progress | null>(null);
  const [since, setSince] = useState(Date.now);
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [busy, setBusy] = useState(false);
  const { offered, take, stop } = useOffer({ source, answers, app: server.app }, setProgress, {
    onOffered: ({ card }) => setDrafts(draftsAsFound(card)),
    onFailed: (error) => onSettled({ state: "failed", error }),
  });
  const title = shortenText(server.title, TITLE_CHARACTERS_MAX);
  const lacking = offered ? lackingOf(offered.card, drafts) : [];
  const install = async (of: Offered) => {
    setBusy(true);
    setProgress(null);
    setSince(Date.now());
    try {
      const app = await installOffer(take(of), choicesOf(of.card, drafts), setProgress);
      onSettled({ state: "imported", app });
    } catch (error) {
      onSettled({ state: "failed", error });
    } finally {
      for (const queryKey of CHANGED) void queries.invalidateQueries({ queryKey });
    }
  };
  const leave = () => {
    stop();
    onSettled({ state: "left" });
  };
  return (
    <Step title={offered ? said.cardOf(title) : said.makingOf(title)} aside={turn}>
      <p role="status" className="sr-only">
        {offered && said.cardOf(title)}
      </p>
      <Panel className="space-y-5">
        {offered ? (
          <>
            {offered.notes.length > 0 && <Notes notes={offered.notes} />}
            <CardView
              card={offered.card}
              disabled={busy}
              isFound
              onWanted={(line, wanted) => setDrafts((before) => new Map(before).set(line, wanted))}
            />
            <p className="text-sm text-muted">{said.cardHelp}</p>
          </>
        ) : (
          <p className="text-sm text-muted">{said.making}</p>
        )}
        {(!offered || busy) && (
          <Underway text={busy ? said.installing : said.makingOf(title)} progress={progress} since={since} />
        )}
        {lacking.length > 0 && (
          <p id={reason} className="text-sm text-caution">
            {card.lacking(lacking.join(", "))}
          </p>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button disabled={busy} onClick={leave}>
            {said.leave}
          </Button>
          {offered && (
            <Button
              look="main"
              busy={busy}
              disabled={lacking.length > 0}
              aria-describedby={lacking.length > 0 ? reason : undefined}
              onClick={() => void install(offered)}
            >
              {server.action === "update" ? said.update : said.install}
            </Button>
          )}
        </div>
      </Panel>
    </Step>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  const said = useWords(words);
  const id = useId();
  return (
    <section aria-labelledby={id} className="text-sm">
      <h3 id={id} className="mb-1.5 text-base font-semibold">
        {said.origin}
      </h3>
      <ul className="list-disc space-y-1 ps-5">
        {each(notes, (note) => (
          <li className="wrap-anywhere">
            <bdi>{shortenText(note, NOTE_CHARACTERS_MAX)}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Underway({ text, progress, since }: { text: string; progress: Progress | null; since: number }) {
  const say = useSay();
  return (
    <p className="flex items-center gap-2 text-sm text-muted">
      <Spinner />
      <span role="status">{progress ? say(progress.sentence) : text}</span>
      {progress && progress.total !== null && ` ${progress.done} / ${progress.total}`}
      <Elapsed from={since} />
    </p>
  );
}

interface Heard {
  onOffered(offered: Offered): void;
  onFailed(error: unknown): void;
}

interface Asked {
  source: Source;
  answers: Answers;
  app: string;
}

/** Asks for the card when it comes on the screen; when it goes, what waits for a yes is declined. */
function useOffer(asked: Asked, tell: (step: Progress) => void, heard: Heard) {
  const [offered, setOffered] = useState<Offered | null>(null);
  const held = useRef<string | null>(null);
  const going = useRef<AbortController | null>(null);
  const decline = useCallback(() => {
    const offer = held.current;
    held.current = null;
    // One that is gone already is as good as declined.
    if (offer) acts.appDecline(offer).catch(() => {});
  }, []);
  const ask = useEffectEvent(async (signal: AbortSignal) => {
    try {
      const answer = await offerImport(
        { source: asked.source, app: asked.app, ...answered(asked.answers) },
        tell,
        signal,
      );
      held.current = answer.offer;
      if (signal.aborted) return decline();
      heard.onOffered(answer);
      setOffered(answer);
    } catch (error) {
      if (!signal.aborted) heard.onFailed(error);
    }
  });
  useEffect(() => {
    const control = new AbortController();
    going.current = control;
    void ask(control.signal);
    return () => {
      control.abort();
      decline();
    };
  }, [decline]);
  return {
    offered,
    /** It is said yes to, and so nothing to decline any more. */
    take({ offer }: Offered): string {
      held.current = null;
      return offer;
    },
    stop() {
      going.current?.abort();
      decline();
    },
  };
}
