import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

// Rows drawn beyond what is in view, so that a quick scroll does not meet a gap.
const BEYOND = 12;
// Until the browser has said it, and where there is none.
const HEIGHT_PX = 600;

interface Window {
  box: RefObject<HTMLDivElement | null>;
  first: number;
  last: number;
  onScroll(): void;
}

/** Which of many rows of one height are in view. */
export function useWindow(count: number, rowPx: number): Window {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: HEIGHT_PX });
  const measure = useCallback(() => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight || HEIGHT_PX });
  }, []);
  useEffect(() => {
    const element = box.current;
    if (!element || typeof ResizeObserver === "undefined") return undefined;
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [measure]);
  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowPx) - BEYOND));
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowPx) + BEYOND);
  return { box, first, last, onScroll: measure };
}
