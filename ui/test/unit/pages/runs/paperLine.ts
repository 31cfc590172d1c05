// A line of paper: a WebSocket whose other end is the test.
import { vi } from "vitest";
import { session } from "@/api/session";
import { line } from "@/live/line";

interface Said {
  type: string;
  requestId: string;
  payload: { run?: string; afterSeq?: number };
}

export class PaperSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: PaperSocket[] = [];

  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly said: Said[] = [];

  constructor(
    readonly address: string,
    readonly protocols: string[],
  ) {
    PaperSocket.all.push(this);
  }

  send(text: string): void {
    this.said.push(JSON.parse(text) as Said);
  }

  close(): void {
    this.readyState = 3;
  }

  // What the other end does.
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(type: string, requestId: string | null, payload: unknown): void {
    this.onmessage?.({ data: JSON.stringify({ type, requestId, deviceId: "0193", payload }) });
  }

  breakOff(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  /** The message by which the page watches a run. */
  async watching(run: string): Promise<Said> {
    return vi.waitFor(() => {
      const found = this.said.find(({ type, payload }) => type === "GET_STATUS" && payload.run === run);
      if (!found) throw new Error(`nobody watches ${run}`);
      return found;
    });
  }
}

/** Puts the line of paper in the place of the real one, and opens it. Call after `paperOikos`. */
export function paperLine(): PaperSocket {
  PaperSocket.all = [];
  vi.stubGlobal("WebSocket", PaperSocket);
  line.start();
  return next(0);
}

export function next(count: number): PaperSocket {
  const socket = PaperSocket.all[count];
  if (!socket) throw new Error(`there is no line number ${count} yet`);
  socket.open();
  return socket;
}

/** Ends the line, and what is known by it, as signing out does. */
export function hangUp(): void {
  line.stop();
  session.end();
}
