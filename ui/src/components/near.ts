// Long lists are drawn as they come near the view: what nobody scrolls to costs next to nothing.
import { startTransition, useCallback, useRef, useState } from "react";

/** So far beyond the edge of the view. */
const BEYOND = "800px";

const told = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | undefined;

/** One for all: thousands of elements may wait. */
function watcher(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      // In small pieces, so that scrolling goes on meanwhile.
      startTransition(() => {
        for (const { isIntersecting, target } of entries) if (isIntersecting) told.get(target)?.();
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
      told.set(element, () => setIsNear(true));
      watcher().observe(element);
    },
    [isNear],
  );
  return { isNear, ref };
}
