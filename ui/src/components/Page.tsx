import { useEffect, useRef, type ReactNode } from "react";
import { useLocation } from "wouter";
import { beginScreen } from "./begin";

/** One screen: its title, what can be done with all of it, its content. Whoever comes here by keyboard or screen reader begins at the title. */
export function Page(props: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}) {
  const { title, lead, actions, children, wide = false } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · oikos`;
  }, [title]);
  const [address] = useLocation();
  const at = useRef(address);
  useEffect(() => beginScreen(at.current, heading.current), []);
  return (
    <div className={`mx-auto w-full px-4 pt-5 pb-24 sm:px-6 md:pb-12 ${wide ? "max-w-7xl" : "max-w-4xl"}`}>
      <header className="mb-5 flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
            {title}
          </h1>
          {lead && <div className="mt-1 text-muted">{lead}</div>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a screen. */
export function Section(props: { title: string; aside?: ReactNode; children: ReactNode; id?: string }) {
  const { title, aside, children, id } = props;
  return (
    <section aria-label={title} id={id} className="mb-8">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-2">
        <h2 className="text-lg font-semibold">{title}</h2>
        {aside && <div className="text-sm text-muted">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** A frame around things that belong together. */
export function Panel({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <div className={`rounded-xl border border-line bg-surface p-4 ${className}`}>{children}</div>;
}

/** Where a list is empty: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-xl border border-dashed border-control px-6 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children && <div className="mx-auto mt-2 max-w-prose text-sm text-muted">{children}</div>}
    </div>
  );
}
