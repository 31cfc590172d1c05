// What stands around every screen: the menu, whether oikos answers, what waits for a person, and Stop.
import { lazy, Suspense, useEffect, useEffectEvent, useLayoutEffect, useState, type ReactNode } from "react";
import { Announcements } from "@/components/Announce";
import { Loading } from "@/components/Asked";
import { loadDialogs } from "@/components/Dialog";
import { Icon } from "@/components/Icon";
import { useWords } from "@/i18n";
import { whenQuiet } from "@/live/quiet";
import { useLineState } from "@/live/use";
import { BottomBar } from "./BottomBar";
import { catchKeys, type KeysAhead } from "./keys-ahead";
import { PartBoundary } from "./PartBoundary";
import { Sidebar } from "./Sidebar";
import { words } from "./words";

const loadPalette = () => import("./Palette");
const Palette = lazy(loadPalette);
/** Dialogs are there before somebody can have found what opens one. */
const DIALOGS_MS_MAX = 1_000;

export function Shell({ children }: { children: ReactNode }) {
  const said = useWords(words);
  const [keys, setKeys] = useState<KeysAhead | null>(null);
  const openPalette = () => {
    if (keys) return;
    const caught = catchKeys(() => setKeys(null));
    setKeys(caught);
    loadPalette().catch(() => void caught.take());
  };
  useEffect(() => () => void keys?.take(), [keys]);
  // What fails to come now is asked for again when one opens.
  useEffect(() => whenQuiet(() => void loadDialogs().catch(() => {}), DIALOGS_MS_MAX), []);
  const onShortcut = useEffectEvent(openPalette);
  // Before the page is seen: what can be seen can be worked.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      onShortcut();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="md:ps-60">
      <a
        href="#content"
        className="fixed start-2 top-2 z-60 -translate-y-24 rounded-lg bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        {said.skip}
      </a>
      <Sidebar onPalette={openPalette} />
      <Offline />
      <main id="content" tabIndex={-1}>
        <Suspense
          fallback={
            <div className="px-6 pt-6">
              <Loading />
            </div>
          }
        >
          {children}
        </Suspense>
      </main>
      <BottomBar onPalette={openPalette} />
      <Announcements />
      {keys && (
        <PartBoundary title={said.failedPart} reload={said.reload}>
          <Suspense>
            <Palette ahead={keys} onClose={() => setKeys(null)} />
          </Suspense>
        </PartBoundary>
      )}
    </div>
  );
}

/** Nobody answers. Not for the blink of an eye in which a line comes back. */
function Offline() {
  const said = useWords(words);
  const state = useLineState();
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (state === "open") return undefined;
    const timer = setTimeout(() => setLate(true), 1_500);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <div role="status">
      {late && state !== "open" && state !== "signed-out" && (
        <p className="flex items-center gap-2 bg-caution-soft px-4 py-2 text-sm text-caution sm:px-6">
          <Icon name="offline" className="size-4" /> {state === "ended" ? said.offlineEnded : said.offline}
        </p>
      )}
    </div>
  );
}
