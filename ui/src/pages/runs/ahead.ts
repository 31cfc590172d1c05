// What the screen of a run needs, asked for before the screen is drawn: what the run said, and who draws that.
import type { QueryClient } from "@tanstack/react-query";
import { watchAhead } from "@/live/run";
import { isRenderer, viewLoad, viewNow } from "@/views/registry";

export function runAhead(run: string, queries: QueryClient): void {
  const stream = watchAhead(run, queries);
  let seen = 0;
  const load = () => {
    for (; seen < stream.parts.length; seen += 1) {
      const part = stream.parts[seen];
      if (part?.kind === "data") viewAhead(part.renderer);
    }
    viewAhead(stream.report?.renderer);
    if (stream.state !== "watched") off();
  };
  const off = stream.subscribe(load);
}

function viewAhead(name: string | null | undefined): void {
  // What fails to come is told of where it is drawn.
  if (name && isRenderer(name) && !viewNow(name)) viewLoad(name).catch(() => {});
}
