import { createContext, use, useEffect, useRef, type ReactNode } from "react";
import { beginAt } from "@/components/begin";

/** Whether somebody came to this step from another one. */
export const Moved = createContext(false);

/** One step. Who goes on to it by keyboard or screen reader begins at its title. */
export function Step({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const hasMoved = use(Moved);
  const isFirst = useRef(!hasMoved);
  useEffect(() => {
    if (!isFirst.current) beginAt(heading.current);
  }, []);
  return (
    <section aria-label={title} className="mb-8">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-2">
        <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold">
          <bdi>{title}</bdi>
        </h2>
        {aside && <div className="text-sm text-muted">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
