import { useSyncExternalStore } from "react";

// One place for what is said aloud and shown for a moment: a deed that left no other trace on the screen.
interface Announcement {
  id: number;
  text: string;
}
const SHOWN_MS = 6_000;
let current: Announcement | null = null;
let count = 0;
const listeners = new Set<() => void>();

export function announce(text: string): void {
  count += 1;
  const id = count;
  set({ id, text });
  setTimeout(() => current?.id === id && set(null), SHOWN_MS);
}

function set(next: Announcement | null): void {
  current = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function Announcements() {
  const shown = useSyncExternalStore(subscribe, () => current);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-60 flex justify-center md:bottom-6"
    >
      {shown && (
        <p key={shown.id} className="rounded-lg bg-ink px-4 py-2 text-sm text-ground shadow-lg">
          {shown.text}
        </p>
      )}
    </div>
  );
}
