import { useEffect, useRef } from "react";
import { Link } from "wouter";

/** Parts of one screen, each with an address of its own: a link can lead to each, and Back goes back. */
export function Tabs<T extends string>(props: {
  label: string;
  now: T;
  tabs: readonly { id: T; label: string; href: string }[];
}) {
  const { label, now, tabs } = props;
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where there is no room for all of them, the one that is chosen is in view.
    const here = bar.current?.querySelector<HTMLElement>(`[data-tab="${now}"]`);
    if (bar.current && here)
      bar.current.scrollLeft = here.offsetLeft - (bar.current.clientWidth - here.offsetWidth) / 2;
  }, [now]);
  return (
    <nav ref={bar} aria-label={label} className="relative mb-5 flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          href={tab.href}
          data-tab={tab.id}
          aria-current={tab.id === now ? "page" : undefined}
          className="-mb-px border-b-2 border-transparent px-3 py-2 text-sm whitespace-nowrap text-muted hover:text-ink aria-[current]:border-accent aria-[current]:font-semibold aria-[current]:text-ink"
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
