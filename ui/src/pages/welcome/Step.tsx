import { useEffect, useRef, type ReactNode } from "react";
import { beginAt } from "@/components/begin";

/** One step. Who comes to it by keyboard or screen reader begins at its question. */
export function Step({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (location.search || history.state) beginAt(heading.current);
  }, []);
  return (
    <section className="rounded-xl border border-line bg-surface p-5">
      <h2 ref={heading} tabIndex={-1} className="mb-3 text-lg font-semibold">
        {title}
      </h2>
      {children}
    </section>
  );
}
