// Long lists are drawn as they come near the view: what nobody scrolls to costs next to nothing.
import { startTransition, useCallback, useRef, useState } from "react";

/** So far beyond the edge of the view. */
const BEYOND = "800px";

const told = new WeakMap<Element, (entry: IntersectionObserverEntry) => void>();
let observer: IntersectionObserver | undefined;

/** One for all: thousands of elements may wait. */
function watcher(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      // In small pieces, so that scrolling goes on meanwhile.
      startTransition(() => {
        for (const entry of entries) told.get(entry.target)?.(entry);
      });
    },
    { rootMargin: BEYOND },
  );
  return observer;
}

/** Whether an element has come near the view. What was drawn stays: somebody may have the focus in it. */
export function useIsNear(atFirst: boolean): { isNear: boolean; ref(element: Element | null): void } {
  const [isNear, setIsNear] = useState(atFirst);
  const watched = useRef<Element | null>(null);
  const ref = useCallback(
    (element: Element | null) => {
      if (watched.current) watcher().unobserve(watched.current);
      watched.current = isNear ? null : element;
      if (!element || isNear) return;
      told.set(element, ({ isIntersecting }) => isIntersecting && setIsNear(true));
      watcher().observe(element);
    },
    [isNear],
  );
  return { isNear, ref };
}

/** Whether somebody is busy in an element: has the focus there, or has marked some of its text. */
function isInUse(element: Element): boolean {
  const marked = getSelection();
  const isMarked = marked?.type === "Range" && marked.getRangeAt(0).intersectsNode(element);
  return isMarked || element.contains(document.activeElement);
}

/**
 * Whether an element is near the view, and how high it was when it was drawn last. For the large parts of very long lists:
 * what was left behind is taken away again, but for what somebody is busy in.
 */
export function useWhileNear(atFirst: boolean): {
  isNear: boolean;
  heightPx: number | null;
  ref(element: Element | null): void;
} {
  const [now, setNow] = useState<{ isNear: boolean; heightPx: number | null }>({ isNear: atFirst, heightPx: null });
  const watched = useRef<Element | null>(null);
  const ref = useCallback((element: Element | null) => {
    if (watched.current) watcher().unobserve(watched.current);
    watched.current = element;
    if (!element) return;
    told.set(element, ({ isIntersecting, boundingClientRect }) => {
      if (isIntersecting) return setNow((before) => (before.isNear ? before : { ...before, isNear: true }));
      if (isInUse(element)) return;
      const heightPx = boundingClientRect.height;
      setNow((before) => (before.isNear ? { isNear: false, heightPx } : before));
    });
    watcher().observe(element);
  }, []);
  return { ...now, ref };
}
