import { useEffect, useState, type ReactNode } from "react";
import { useLanguage } from "@/i18n";
import { exactTime, relativeTime } from "@/text/time";
import { millisText } from "@/text/amounts";

/** A moment, however it is said; with the exact time for who points at it. */
export function Moment({
  at,
  className,
  children,
}: {
  at: number;
  className?: string | undefined;
  children: ReactNode;
}) {
  const language = useLanguage();
  return (
    <time
      dateTime={new Date(at).toISOString()}
      // Not before: a browser's first look at its calendars takes as long as all else of a screen.
      onPointerEnter={(event) => {
        event.currentTarget.title = exactTime(at, language);
      }}
      className={className}
    >
      {children}
    </time>
  );
}

/** "5 minutes ago". */
export function Time({ at }: { at: number }) {
  const language = useLanguage();
  const now = useNow(30_000);
  return (
    <Moment at={at} className="whitespace-nowrap">
      {relativeTime(at, now, language)}
    </Moment>
  );
}

/** How long something has been going on, as it goes on. */
export function Elapsed({ from, to }: { from: number; to?: number | null }) {
  const language = useLanguage();
  const now = useNow(to ? 3_600_000 : 1_000);
  const ms = Math.max(0, (to ?? now) - from);
  return <span className="tabular-nums">{millisText(to ? ms : Math.floor(ms / 1_000) * 1_000, language)}</span>;
}

/** The time, as often as it is shown anew. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
