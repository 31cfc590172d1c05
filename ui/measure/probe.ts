// A clock within the page: from the moment at which the browser had an event until the next frame stands, and until the
// frame behind the last change that the event led to. What the browser's own Event Timing says counts where it says more.
import type { Page } from "playwright-core";

export interface Taken {
  /** Until the next frame. */
  paintMs: number;
  /** Until everything that came of it stands; whoever waits for it waits so long. */
  shownMs: number;
}

interface Probe {
  tasks: { at: number; ms: number }[];
  arm(type: string, quietMs: number): void;
  taken: Promise<Taken> | null;
}
type Probed = typeof globalThis & { oikosProbe: Probe };

/** Nothing changes for so long: it is all there. */
const QUIET_MS = 250;

/** Before any script of the page. */
export async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const tasks: Probe["tasks"] = [];
    const timings: PerformanceEventTiming[] = [];
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) tasks.push({ at: startTime, ms: duration });
    }).observe({ type: "longtask", buffered: true });
    new PerformanceObserver((list) => timings.push(...(list.getEntries() as PerformanceEventTiming[]))).observe({
      type: "event",
      durationThreshold: 16,
    } as PerformanceObserverInit);
    /** When the frame that is next has been drawn. */
    const drawn = () =>
      new Promise<number>((done) =>
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => done(performance.now());
          channel.port2.postMessage(null);
        }),
      );
    const probe: Probe = {
      tasks,
      taken: null,
      arm(type, quietMs) {
        probe.taken = new Promise((done) => {
          const hear = async (event: Event) => {
            const from = event.timeStamp;
            let changedAt = from;
            const changes = new MutationObserver(() => (changedAt = performance.now()));
            changes.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
            const painted = await drawn();
            let shown = painted;
            for (let at = painted; at - Math.max(changedAt, from) < quietMs;) {
              const before = changedAt;
              at = await drawn();
              if (changedAt > before || shown < changedAt) shown = at;
            }
            changes.disconnect();
            const told = timings.filter(({ startTime }) => Math.abs(startTime - from) < 0.2);
            const paintMs = Math.max(painted - from, ...told.map(({ duration }) => duration));
            done({ paintMs, shownMs: Math.max(paintMs, shown - from) });
          };
          addEventListener(type, (event) => void hear(event), { capture: true, once: true, passive: true });
        });
      },
    };
    (globalThis as Probed).oikosProbe = probe;
  });
}

/** How long it takes the page to answer what is done. */
export async function take(page: Page, type: string, act: () => Promise<unknown>): Promise<Taken> {
  await page.evaluate(([type, quiet]) => (globalThis as Probed).oikosProbe.arm(type, quiet), [type, QUIET_MS] as const);
  await act();
  const taken = await page.evaluate(() => (globalThis as Probed).oikosProbe.taken);
  if (!taken) throw new Error("nothing was armed");
  return taken;
}

/** The tasks over 50 ms since the last look. */
export async function longTasks(page: Page): Promise<number[]> {
  return (await page.evaluate(() => (globalThis as Probed).oikosProbe.tasks.splice(0))).map(({ ms }) => ms);
}
