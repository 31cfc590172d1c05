// Drawn by hand, 24 × 24, one stroke: few enough that no library is worth its bytes.
const PATHS = {
  apps: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM17 14v6M14 17h6",
  server: "M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01",
  runs: "M7 5l11 7-11 7z",
  inbox: "M4 13l3-8h10l3 8v6H4zM4 13h5l1.5 2.5h3L15 13h5",
  activity: "M3 12h4l3-7 4 14 3-7h4",
  grants: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  clock: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7v5l3 2",
  log: "M5 5h14M5 10h14M5 15h9M5 20h6",
  key: "M14.5 4a5.5 5.5 0 11-4.9 8L4 17.6V20h3v-2h2v-2h2l1.4-1.5M16 8h.01",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M13 4.5v5M7 14.5v5",
  doctor: "M4 12h4l2-4 4 8 2-4h4M12 3a9 9 0 100 18 9 9 0 000-18z",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6L6 18",
  more: "M4.5 12h1M11.5 12h1M18.5 12h1",
  search: "M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.5 15.5L20 20",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 010 12h-3",
  refresh: "M19.5 12a7.5 7.5 0 11-2.2-5.3L20 9.4M20 4v5.4h-5.4",
  down: "M6 9l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  offline: "M3 3l18 18M5 12a10 10 0 014-2.6M19 12a10 10 0 00-6.5-3M8.5 15.5a5 5 0 017 0M12 19h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words. It says nothing of its own to who cannot see it. */
export function Icon({ name, className = "size-5" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
