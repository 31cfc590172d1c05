// What is shown is as new as the log: each entry says what changed, and whoever shows that asks again. One window
// follows the log for all windows of this browser, since a browser opens six connections to one host and no more.
import type { QueryClient } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { frames } from "@/api/events";
import { session } from "@/api/session";
import { line } from "./line";

type Entry = Schemas["AuditEntry"];

const CHANNEL = "oikos-news";
const RETRY_MS = 2_000;
const GATHER_MS = 120;

/** Which answers are old after an event. */
export function stale(event: string, app: string | null): readonly unknown[][] {
  switch (event) {
    case "run_started":
      return [["runs"]];
    case "run_ended":
      return [["runs"], ["schedules"], ...(app ? [["apps", app]] : [])];
    case "undone":
      return [["runs"]];
    case "granted":
      return [["grants"], ["apps"]];
    case "app":
      return [["apps"], ["grants"], ["settings"], ["schedules"], ["publishers"], ["starters"], ["servers"]];
    case "stopped":
      return [["apps"], ["runs"], ["schedules"], ["servers"]];
    case "publisher":
      return [["publishers"]];
    case "access":
      return [["tokens"], ["logins"], ["owners"]];
    case "asked":
    case "answered":
      return [["approvals"], ["grants"]];
    default:
      return [];
  }
}

type Listener = (entries: readonly Entry[]) => void;
const listeners = new Set<Listener>();

/** Hears what is added to the log while this page is open. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the log until the answer is called. */
export function followNews(queries: QueryClient): () => void {
  const ending = new AbortController();
  const channel = new BroadcastChannel(CHANNEL);
  let gathered: Entry[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = () => {
    timer = undefined;
    const entries = gathered;
    gathered = [];
    const keys = new Map<string, readonly unknown[]>([["log", ["log"]]]);
    for (const { record } of entries) {
      if (!record) continue;
      for (const key of stale(record.event, record.app ?? null)) keys.set(JSON.stringify(key), key);
    }
    for (const key of keys.values()) void queries.invalidateQueries({ queryKey: key });
    for (const listener of listeners) listener(entries);
  };
  const take = (entry: Entry) => {
    gathered.push(entry);
    timer ??= setTimeout(tell, GATHER_MS);
  };
  channel.onmessage = (event: MessageEvent<Entry>) => take(event.data);

  const follow = async () => {
    while (!ending.signal.aborted) {
      try {
        // From now on only: what is there already is asked for by whoever shows it.
        for await (const frame of frames("/api/v1/log/stream?limit=0", { signal: ending.signal })) {
          if (frame.frame !== "entry") continue;
          take(frame);
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target: it is of this origin
          channel.postMessage(frame);
        }
      } catch {
        // Offline, or oikos is being started: the line says so to the person.
      }
      if (ending.signal.aborted || !session.secret()) return;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  };
  if (navigator.locks) {
    navigator.locks.request(CHANNEL, { signal: ending.signal }, follow).catch(() => {});
  } else {
    void follow();
  }

  // After a break nobody knows what was missed.
  let was = line.state();
  const off = line.subscribe(() => {
    const now = line.state();
    if (now === "open" && was !== "open") void queries.invalidateQueries();
    was = now;
  });
  return () => {
    off();
    clearTimeout(timer);
    ending.abort();
    channel.close();
  };
}
