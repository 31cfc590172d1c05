// The WebSocket: one for the whole page. A line may break at any time; what was being watched goes on behind the last
// chunk that was heard, so that nothing is lost and nothing comes twice.
import type { Schemas } from "@/api/client";
import { Problem, type ProblemBody } from "@/api/problem";
import { session } from "@/api/session";

type Chunk = Schemas["SequencedChunk"];
type Question = Schemas["Question"];
type Report = Schemas["RunReport"];

/** Whether oikos can be heard. `waiting`: a try is under way, or about to be. */
export type LineState = "open" | "waiting" | "ended" | "signed-out";

interface Message {
  type: "STREAM_CHUNK" | "STREAM_END" | "ERROR" | "DEVICE_STATUS" | "APPROVAL_REQUEST" | "EVENT";
  requestId: string | null;
  payload: Record<string, unknown>;
}

export interface Watcher {
  chunk(chunk: Chunk): void;
  /** The stream has come to its end: everything that the run said was heard, and this is how it ended. */
  end(report: Report): void;
  failed(problem: Problem): void;
}

interface Watched {
  run: string;
  afterSeq: number;
  watcher: Watcher;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

export class Line {
  #socket: WebSocket | null = null;
  #state: LineState = "waiting";
  #retryMs = RETRY_FIRST_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watched = new Map<string, Watched>();
  #questions = new Map<string, Question>();
  #open: readonly Question[] = [];
  #listeners = new Set<() => void>();
  #settled = new Set<(question: string) => void>();

  constructor(private readonly address: string) {}

  state = (): LineState => this.#state;
  /** Open questions, oldest first. The same array until something changes. */
  questions = (): readonly Question[] => this.#open;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Hears which questions need no answer any more. */
  onSettled(listener: (question: string) => void): () => void {
    this.#settled.add(listener);
    return () => this.#settled.delete(listener);
  }

  /** Opens the line, or tries again at once where it waits for its next try. */
  start = (): void => {
    clearTimeout(this.#retry);
    const secret = session.secret();
    if (!secret) return this.#become("signed-out");
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    const socket = new WebSocket(this.address, ["oikos", secret]);
    this.#socket = socket;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#retryMs = RETRY_FIRST_MS;
      // Whoever is new on a line is told what is open, so what was open before is forgotten.
      this.#questions.clear();
      this.#tellQuestions();
      this.#become("open");
      for (const [id, watched] of this.#watched) this.#ask(id, watched);
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket === this.#socket) this.#hear(JSON.parse(event.data) as Message);
    };
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      if (!session.secret()) return this.#become("signed-out");
      this.#become(this.#state === "ended" ? "ended" : "waiting");
      // Smeared, so that many windows do not come back in one moment.
      this.#retry = setTimeout(this.start, this.#retryMs * (0.5 + Math.random()));
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    };
  };

  stop = (): void => {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  };

  /** Watches a run from behind `afterSeq`. The answer ends the watching. */
  watch(run: string, afterSeq: number, watcher: Watcher): () => void {
    const id = crypto.randomUUID();
    const watched = { run, afterSeq, watcher };
    this.#watched.set(id, watched);
    if (this.#state === "open") this.#ask(id, watched);
    return () => void this.#watched.delete(id);
  }

  #ask(requestId: string, { run, afterSeq }: Watched): void {
    this.#socket?.send(JSON.stringify({ type: "GET_STATUS", requestId, payload: { run, afterSeq } }));
  }

  #hear({ type, requestId, payload }: Message): void {
    const watched = requestId ? this.#watched.get(requestId) : undefined;
    switch (type) {
      case "STREAM_CHUNK": {
        const chunk = payload as unknown as Chunk;
        // What was said before the line broke may come again.
        if (!watched || chunk.seq <= watched.afterSeq) return;
        watched.afterSeq = chunk.seq;
        return watched.watcher.chunk(chunk);
      }
      case "STREAM_END":
      case "ERROR":
        if (!watched || !requestId) return;
        this.#watched.delete(requestId);
        if (type === "STREAM_END" || "run" in payload) return watched.watcher.end(payload["run"] as Report);
        return watched.watcher.failed(new Problem(payload as unknown as ProblemBody));
      case "APPROVAL_REQUEST": {
        if (watched && typeof payload["seq"] === "number" && payload["seq"] > watched.afterSeq) {
          watched.afterSeq = payload["seq"];
          watched.watcher.chunk({ ...payload, type: "ask" } as unknown as Chunk);
        }
        const question = payload["question"] as Question | undefined;
        if (!question || this.#questions.has(question.id)) return;
        this.#questions.set(question.id, question);
        return this.#tellQuestions();
      }
      case "EVENT":
        if (payload["event"] === "settled") {
          const question = String(payload["question"]);
          this.#questions.delete(question);
          for (const listener of this.#settled) listener(question);
          return this.#tellQuestions();
        }
        if (payload["event"] === "ending") return this.#become("ended");
        return;
      default:
    }
  }

  #tellQuestions(): void {
    this.#open = [...this.#questions.values()].toSorted((a, b) => a.asked_at - b.asked_at);
    this.#tell();
  }

  #become(state: LineState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const line = new Line(`${globalThis.location?.origin.replace(/^http/, "ws") ?? ""}/ws`);
