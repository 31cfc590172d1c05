import { Link } from "wouter";

/** Parts of one screen, each with an address of its own: a link can lead to each, and Back goes back. */
export function Tabs<T extends string>(props: {
  label: string;
  now: T;
  tabs: readonly { id: T; label: string; href: string }[];
}) {
  const { label, now, tabs } = props;
  return (
    <nav aria-label={label} className="mb-5 flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          href={tab.href}
          aria-current={tab.id === now ? "page" : undefined}
          className="-mb-px border-b-2 border-transparent px-3 py-2 text-sm whitespace-nowrap text-muted hover:text-ink aria-[current]:border-accent aria-[current]:font-semibold aria-[current]:text-ink"
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
