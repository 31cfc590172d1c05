import { useEffect, useRef, useState, type ReactNode } from "react";

interface WindowedProps<T> {
  items: readonly T[];
  /** Each row is as high. */
  rowPx: number;
  label: string;
  role?: "log" | "list";
  className?: string;
  /** Stay at the end as items come, until somebody scrolls up. */
  follow?: boolean;
  onFollow?(follow: boolean): void;
  keyOf(item: T, index: number): string | number;
  children(item: T, index: number): ReactNode;
}

const BEYOND = 12;

/** A long list of which only what is in view is drawn. Arrow keys, Page up and down scroll it. */
export function Windowed<T>(props: WindowedProps<T>) {
  const { items, rowPx, label, role = "list", className = "", follow = false, onFollow, keyOf, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  const count = items.length;
  useEffect(() => {
    // The list has become longer, or its room smaller.
    const element = box.current;
    if (follow && element && view.height > 0) element.scrollTop = count * rowPx;
  }, [follow, count, rowPx, view.height]);
  const seenTop = useRef(0);
  const first = Math.max(0, Math.floor(view.top / rowPx) - BEYOND);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowPx) + BEYOND);
  return (
    <div
      ref={box}
      role="region"
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      // Rows come and go while it scrolls; a browser that holds on to one of them would scroll by itself.
      className={`overflow-auto [overflow-anchor:none] ${className}`}
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
        setView({ top: scrollTop, height: clientHeight });
        const isAtEnd = scrollTop + clientHeight >= scrollHeight - rowPx;
        // Short of the end without having gone up: rows were added since. Only a person scrolls up.
        if (isAtEnd || scrollTop < seenTop.current) onFollow?.(isAtEnd);
        seenTop.current = scrollTop;
      }}
    >
      <div
        role={role}
        aria-live={role === "log" ? "off" : undefined}
        className="relative min-w-full"
        style={{ height: items.length * rowPx }}
      >
        <div className="absolute inset-x-0" style={{ top: first * rowPx }}>
          {items.slice(first, last).map((item, index) => (
            <div
              key={keyOf(item, first + index)}
              role={role === "list" ? "listitem" : undefined}
              aria-setsize={role === "list" ? items.length : undefined}
              aria-posinset={role === "list" ? first + index + 1 : undefined}
              className="overflow-hidden"
              style={{ height: rowPx }}
            >
              {children(item, first + index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
