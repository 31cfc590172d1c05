// Everything that can be done from anywhere, by its name. A combobox over a list: the focus stays in the field, and
// what is chosen is told by aria-activedescendant.
import { Dialog } from "@base-ui/react/dialog";
import { useEffect, useEffectEvent, useId, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useLocation } from "wouter";
import { actionsFor } from "@/actions";
import type { Action } from "@/actions/action";
import { useKnown } from "@/actions/known";
import { ranked } from "@/actions/rank";
import { problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { useDialogFocus } from "@/components/begin";
import { Icon } from "@/components/Icon";
import { useLanguageChoice, useWords } from "@/i18n";
import { escapeLines, escapeText } from "@/text/escape";
import type { KeysAhead } from "./keys-ahead";
import { words } from "./words";

const SHOWN_MAX = 50;
const PAGE = 8;
/** How long an Enter is meant that found nothing to do yet. */
const ENTER_MS = 5_000;

const own = {
  en: {
    field: "What do you want to do?",
    list: "What can be done",
    found: (count: number) => (count === 1 ? "1 result" : `${count} results`),
    none: (typed: string) => `Nothing fits “${typed}”. Try the name of an app, a screen or a deed.`,
    failed: "That did not work",
  },
  de: {
    field: "Was willst du tun?",
    list: "Was getan werden kann",
    found: (count: number) => (count === 1 ? "1 Treffer" : `${count} Treffer`),
    none: (typed: string) =>
      `Nichts passt zu „${typed}“. Versuch es mit dem Namen einer App, einer Seite oder einer Tat.`,
    failed: "Das hat nicht geklappt",
  },
};

interface PaletteProps {
  /** What was typed before the field was there. */
  ahead: KeysAhead;
  onClose(): void;
}

export default function Palette({ ahead, onClose }: PaletteProps) {
  const { palette } = useWords(words);
  const field = useRef<HTMLInputElement>(null);
  const went = useRef(false);
  const focusAfter = useDialogFocus(true);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/50" />
        <Dialog.Popup
          aria-label={palette}
          initialFocus={field}
          // A screen that was gone to begins at its own title.
          finalFocus={() => focusAfter(went.current)}
          className="fixed inset-x-0 top-0 z-50 mx-auto flex max-h-[80dvh] w-full max-w-2xl flex-col overflow-hidden border border-line bg-surface text-ink shadow-2xl sm:top-[10dvh] sm:w-[min(100%-2rem,42rem)] sm:rounded-2xl"
        >
          <Search
            field={field}
            ahead={ahead}
            onDone={(gone) => {
              went.current = gone;
              onClose();
            }}
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface SearchProps {
  field: RefObject<HTMLInputElement | null>;
  ahead: KeysAhead;
  onDone(gone: boolean): void;
}

function Search({ field, ahead, onDone }: SearchProps) {
  const said = useWords(own);
  const { language, choose } = useLanguageChoice();
  const [, go] = useLocation();
  const known = useKnown();
  const list = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [isEntered, setEntered] = useState(false);

  const found = ranked(typed, actionsFor(known), ({ label, keywords }) => ({
    label: label[language],
    ...(keywords ? { keywords: keywords[language] } : {}),
  })).slice(0, SHOWN_MAX);
  const active = Math.min(at, found.length - 1);
  const idOf = (index: number) => `${list}-${index}`;

  const move = (to: number) => {
    setAt(to);
    document.getElementById(idOf(to))?.scrollIntoView?.({ block: "nearest" });
  };
  const perform = (action: Action) => {
    let gone = false;
    const tools = {
      go(address: string) {
        gone = true;
        go(address);
      },
      announce,
      chooseLanguage: choose,
    };
    const failed = (error: unknown) => announce(escapeLines(problemOf(error).message) || said.failed);
    // What only leads somewhere has done so when this returns.
    try {
      void Promise.resolve(action.perform(tools)).catch(failed);
    } catch (error) {
      failed(error);
    }
    onDone(gone);
  };
  useEffect(() => {
    // Not left to the dialog, which focuses a frame later: a letter in between would be lost.
    field.current?.focus();
    const early = ahead.take();
    setTyped((now) => now + early.text);
    if (early.isEntered) setEntered(true);
    // A dialog that opened just before takes the focus in this frame. No key comes between it and this.
    const frame = requestAnimationFrame(() => field.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [field, ahead]);
  const first = found[active];
  const performFirst = useEffectEvent(() => first && perform(first));
  const hasFirst = first !== undefined;
  useEffect(() => {
    if (!isEntered) return undefined;
    // The lists may still be on their way. What comes later than that would be a surprise.
    if (hasFirst) performFirst();
    const timer = setTimeout(() => setEntered(false), ENTER_MS);
    return () => clearTimeout(timer);
  }, [isEntered, hasFirst]);
  const onKey = (event: KeyboardEvent) => {
    const last = found.length - 1;
    const to = {
      ArrowDown: active >= last ? 0 : active + 1,
      ArrowUp: active <= 0 ? last : active - 1,
      PageDown: Math.min(last, active + PAGE),
      PageUp: Math.max(0, active - PAGE),
    }[event.key];
    // Enter that ends the writing of a word in Japanese or Chinese is no Enter of ours.
    if (event.nativeEvent.isComposing) return;
    setEntered(event.key === "Enter");
    if (event.key === "Enter") {
      event.preventDefault();
    } else if (to !== undefined && last >= 0) {
      event.preventDefault();
      move(to);
    }
  };

  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Icon name="search" className="size-5 text-muted" />
        <input
          ref={field}
          role="combobox"
          aria-label={said.field}
          aria-expanded={found.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={found.length > 0 ? idOf(active) : undefined}
          placeholder={said.field}
          value={typed}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          className="min-h-13 w-full bg-transparent text-base text-ink placeholder:text-muted focus-visible:outline-none"
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      <p role="status" className="sr-only">
        {said.found(found.length)}
      </p>
      {found.length === 0 && <p className="px-5 py-6 text-sm text-muted">{said.none(escapeText(typed.trim()))}</p>}
      <div id={list} role="listbox" aria-label={said.list} className="min-h-0 overflow-y-auto p-2">
        {found.map((action, index) => (
          // The keys are the field's: the focus never comes here.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={action.id}
            id={idOf(index)}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            onClick={() => perform(action)}
            onPointerMove={() => index !== active && setAt(index)}
            className="flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 py-1.5 text-sm aria-selected:bg-raised aria-selected:outline-2 aria-selected:-outline-offset-2 aria-selected:outline-accent pointer-coarse:min-h-11"
          >
            <Icon name={action.icon} className="size-4.5 text-muted" />
            <bdi className="min-w-0">{action.label[language]}</bdi>
          </div>
        ))}
      </div>
    </>
  );
}
