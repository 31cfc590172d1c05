// The WebSocket and the log as it grows, for tests of one screen: what the test says is what the page hears.
import { QueryClient } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { onTestFinished, vi } from "vitest";
import type { Schemas } from "@/api/client";
import { line } from "@/live/line";
import { followNews } from "@/live/news";

class PaperSocket {
  static readonly OPEN = 1;
  static last: PaperSocket | null = null;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: string[] = [];
  constructor(
    readonly address: string,
    readonly words: string[],
  ) {
    PaperSocket.last = this;
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

export interface PaperLine {
  ask(question: Schemas["Question"]): void;
  settle(question: string): void;
}

/** An open line. `paperOikos` comes first: it signs in. */
export function paperLine(): PaperLine {
  vi.stubGlobal("WebSocket", PaperSocket);
  line.stop();
  line.start();
  const socket = PaperSocket.last;
  if (!socket) throw new Error("no socket was opened");
  socket.readyState = PaperSocket.OPEN;
  act(() => socket.onopen?.());
  const hear = (type: string, payload: object) =>
    act(() => socket.onmessage?.({ data: JSON.stringify({ type, requestId: null, deviceId: null, payload }) }));
  onTestFinished(() => line.stop());
  return {
    ask: (question) => hear("APPROVAL_REQUEST", { run: question.run, question }),
    settle: (question) => hear("EVENT", { event: "settled", question }),
  };
}

/** The stream of the log: its answer for `paperOikos` (`log_follow`), and what adds to it. */
export function paperNews() {
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;
  const answer = () =>
    new Response(new ReadableStream<Uint8Array>({ start: (controller) => void (out = controller) }), {
      headers: { "content-type": "text/event-stream" },
    });
  return {
    answer,
    follow(queries = new QueryClient()): void {
      onTestFinished(followNews(queries));
    },
    add(entries: readonly Schemas["AuditEntry"][]): void {
      const text = entries
        .map((entry) => `event: entry\nid: ${entry.seq}\ndata: ${JSON.stringify({ ...entry, frame: "entry" })}\n\n`)
        .join("");
      out?.enqueue(new TextEncoder().encode(text));
    },
  };
}
