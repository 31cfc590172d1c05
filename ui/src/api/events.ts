// Server-sent events over fetch: EventSource can send no header, and ours asks for one.
import { headers, problemFrom } from "./client";
import type { Schemas } from "./client";

export type Frame = Schemas["Frame"];

/** The frames of a streamed answer, until it ends or `signal` ends it. */
export async function* frames(path: string, init: RequestInit & { signal: AbortSignal }): AsyncGenerator<Frame> {
  const said = init.body ? { "content-type": "application/json" } : {};
  const response = await fetch(path, { ...init, headers: headers({ accept: "text/event-stream", ...said }) });
  if (!response.ok || !response.body) throw problemFrom(await response.json().catch(() => null), response.status);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = block
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trimStart());
        if (data.length > 0) yield JSON.parse(data.join("\n")) as Frame;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
