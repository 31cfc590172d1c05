// Whoever opens the page by a link is signed in by it, once: a link is used up by its first use. What happens with it
// stands here and not in a screen, so that a screen that is drawn twice uses it once.
import { useSyncExternalStore } from "react";
import { acts } from "@/api/operations";
import { problemOf, type Problem } from "@/api/problem";
import { session, takeLink } from "@/api/session";

/** `none`: no link is in hand. */
export type Arrival = { state: "none" } | { state: "busy" } | { state: "failed"; problem: Problem; at: number };

const NONE: Arrival = { state: "none" };
let now: Arrival = NONE;
const listeners = new Set<() => void>();

function become(next: Arrival): void {
  now = next;
  for (const listener of listeners) listener();
}

export const arrival = {
  now: (): Arrival => now,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Signs this browser in. Where somebody was signed in already, the link decides who it is from now on. */
  async use(link: string): Promise<void> {
    if (now.state === "busy") return;
    become({ state: "busy" });
    try {
      const { page, login } = await acts.signIn(link);
      session.begin(page, login.id);
      become(NONE);
    } catch (error) {
      become({ state: "failed", problem: problemOf(error), at: Date.now() });
    }
  },
  /** The link was no good, and it was seen. */
  forget: (): void => become(NONE),
};

function takeUp(): void {
  const link = takeLink();
  if (link) void arrival.use(link);
}

/** Takes up the link of this address, and of each that is pasted into the address bar while the page is open. */
export function followLinks(): () => void {
  takeUp();
  addEventListener("hashchange", takeUp);
  return () => removeEventListener("hashchange", takeUp);
}

export const useArrival = (): Arrival => useSyncExternalStore(arrival.subscribe, arrival.now);
