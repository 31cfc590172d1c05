// From a source to an installed app: the source, what speaks against it, the card, the yes.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { problemOf, type Problem } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Button, Spinner } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Notice } from "@/components/Pill";
import { useStillHere } from "@/components/still-here";
import { useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import { CardView } from "./CardView";
import { Refused } from "./Refused";
import { choicesOf, isSame, lackingOf, type Card, type Drafts } from "./shown";
import { words } from "./words";

type OfferBody = Schemas["OfferBody"];
type Offered = Schemas["Offered"];

interface InstallDialogProps {
  /** What stands in the field at first. */
  source: string;
  /** The person chose this very source just now, so it is looked at without another click. An address alone never does that. */
  begin: boolean;
  onSource?(source: string): void;
  onClose(): void;
  onInstalled(app: Schemas["AppDetail"]): void;
}

const CHANGED = [["apps"], ["grants"], ["settings"], ["schedules"], ["publishers"], ["starters"]];

export function InstallDialog({ source: first, begin, onSource, onClose, onInstalled }: InstallDialogProps) {
  const said = useWords(words);
  const queries = useQueryClient();
  const form = useId();
  const reason = useId();
  const [source, setSource] = useState(first);
  const [asked, setAsked] = useState<OfferBody | null>(null);
  const [offered, setOffered] = useState<Offered | null>(null);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [isOther, setIsOther] = useState(false);
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [busy, setBusy] = useState(false);
  const isStillHere = useStillHere();
  const pending = usePending();

  const look = async (body: OfferBody) => {
    setBusy(true);
    setAsked(body);
    setRefused(null);
    onSource?.(body.source);
    try {
      const answer = await pending.offer(body);
      if (answer) show(answer);
    } catch (error) {
      if (!pending.isOver()) setRefused(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const show = (answer: Offered) => {
    setOffered(answer);
    setDrafts(new Map());
    setFailed(null);
    setIsOther(false);
  };
  const install = async () => {
    if (!offered || !asked) return;
    setBusy(true);
    setFailed(null);
    setIsOther(false);
    try {
      const { app } = await acts.appInstall(pending.take(offered.offer), choicesOf(offered.card, drafts));
      for (const queryKey of CHANGED) void queries.invalidateQueries({ queryKey });
      announce(said.installed(shortenText(app.title, 80), app.version));
      if (isStillHere()) onInstalled(app);
    } catch (error) {
      setFailed(error);
      await renew(asked, offered.card);
    } finally {
      setBusy(false);
    }
  };
  // An offer is taken by the first yes, also by one that fails. What was chosen stays, if it is still about the same.
  const renew = async (body: OfferBody, card: Card) => {
    try {
      const answer = await pending.offer(body);
      if (!answer) return;
      if (JSON.stringify(answer.card) === JSON.stringify(card)) return setOffered(answer);
      show(answer);
      setIsOther(true);
    } catch (error) {
      setOffered(null);
      setRefused(problemOf(error));
    }
  };
  const begun = useRef(false);
  useEffect(() => {
    if (!begin || begun.current) return;
    begun.current = true;
    void look({ source: first });
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once, with what the dialog was opened for
  }, [begin]);

  if (offered) {
    const { card } = offered;
    const lacking = lackingOf(card, drafts);
    const deed = deedOf(card, Boolean(asked?.downgrade), said);
    return (
      <Dialog
        open
        wide
        title={<bdi>{deed.title}</bdi>}
        onClose={onClose}
        footer={
          <>
            {lacking.length > 0 && (
              <p id={reason} className="w-full text-sm text-caution">
                {said.lacking(lacking.join(", "))}
              </p>
            )}
            <Button onClick={onClose}>{said.decline}</Button>
            <Button
              look="main"
              busy={busy}
              disabled={lacking.length > 0}
              aria-describedby={lacking.length > 0 ? reason : undefined}
              onClick={() => void install()}
            >
              {deed.word}
            </Button>
          </>
        }
      >
        <div className="space-y-4">
          {failed !== null && <Failed error={failed} />}
          {isOther && <Notice tone="caution">{said.changedMeanwhile}</Notice>}
          <CardView
            // Another package begins with what its own card proposes.
            key={card.digest}
            card={card}
            disabled={busy}
            onWanted={(line, wanted) => setDrafts((before) => new Map(before).set(line, wanted))}
          />
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      title={said.sourceTitle}
      lead={said.sourceLead}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{said.cancel}</Button>
          <Button type="submit" form={form} look="main" busy={busy} disabled={source.trim() === ""}>
            {said.lookAt}
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <form
          id={form}
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void look({ source: source.trim() });
          }}
        >
          <TextField
            label={said.source}
            help={said.sourceHelp}
            value={source}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setSource(event.target.value)}
          />
        </form>
        {busy && (
          <p role="status" className="flex items-center gap-2 text-sm text-muted">
            <Spinner /> {said.checking}
          </p>
        )}
        {refused && asked && (
          <Refused
            key={`${asked.trust ?? ""} ${refused.message}`}
            problem={refused}
            offered={asked}
            busy={busy}
            onOffer={(body) => void look(body)}
          />
        )}
      </div>
    </Dialog>
  );
}

function deedOf(card: Card, isOlder: boolean, said: (typeof words)["en"]): { title: string; word: string } {
  const title = shortenText(card.title, 80);
  if (isSame(card)) return { title: said.again(title, card.version), word: said.deedAgain };
  if (!card.upgrade_from) return { title: said.install(title), word: said.deedInstall };
  return isOlder
    ? { title: said.replace(card.app, card.upgrade_from, card.version), word: said.deedReplace }
    : { title: said.upgrade(card.app, card.upgrade_from, card.version), word: said.deedUpgrade };
}

/** The offer that waits for a yes. It is declined when nobody can say yes to it any more. */
function usePending() {
  const held = useRef<string | null>(null);
  const over = useRef(false);
  useEffect(() => {
    over.current = false;
    return () => {
      over.current = true;
      decline(held);
    };
  }, []);
  return {
    isOver: () => over.current,
    /** A new offer in place of the one before; nothing once the dialog is gone. */
    async offer(body: OfferBody): Promise<Offered | null> {
      decline(held);
      const answer = await acts.appOffer(body);
      held.current = answer.offer;
      if (!over.current) return answer;
      decline(held);
      return null;
    },
    take(offer: string): string {
      held.current = null;
      return offer;
    },
  };
}

function decline(held: { current: string | null }): void {
  const offer = held.current;
  held.current = null;
  // One that is gone already is as good as declined.
  if (offer) acts.appDecline(offer).catch(() => {});
}
