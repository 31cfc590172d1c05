// What a run says, gathered outside of React: a hundred thousand lines of log are one array that grows, and whoever
// shows them is told once a frame, by a number.
import type { Schemas } from "@/api/client";
import type { Problem } from "@/api/problem";
import type { Watcher } from "./line";

type Chunk = Schemas["SequencedChunk"];
type Report = Schemas["RunReport"];
type Sentence = Schemas["Sentence"];

export interface LogRow {
  seq: number;
  level: Schemas["LogLevel"];
  text: string;
}

/** Text as it came, in blocks: all but the last never change again. */
export interface TextPart {
  kind: "text";
  key: number;
  blocks: string[];
}
export interface DataPart {
  kind: "data";
  key: number;
  topic: string;
  renderer: string | null;
  payload: unknown;
}
export interface ToolPart {
  kind: "tool";
  key: number;
  name: string;
  sentence: Sentence;
}
export type Part = TextPart | DataPart | ToolPart;

export interface Progress {
  sentence: Sentence;
  done: number;
  total: number | null;
}

export type RunState = "watched" | "ended" | "failed";

const BLOCK_CHARACTERS = 4_000;

export class RunStream implements Watcher {
  readonly parts: Part[] = [];
  readonly log: LogRow[] = [];
  /** By what is being done: the words stay while the numbers move. */
  readonly progress = new Map<string, Progress>();
  usage: { cpu_us: number; memory_bytes: number } | null = null;
  /** The last chunk that was heard. */
  seq = 0;
  /** How many chunks were not kept until this page came to hear them. */
  missed = 0;
  state: RunState = "watched";
  report: Report | null = null;
  problem: Problem | null = null;

  #version = 0;
  #frame: number | null = null;
  #listeners = new Set<() => void>();

  version = (): number => this.#version;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  chunk(chunk: Chunk): void {
    // What is watched anew begins behind what is known.
    if (chunk.seq <= this.seq) return;
    this.missed += chunk.seq - this.seq - 1;
    this.seq = chunk.seq;
    this.#take(chunk);
    this.#changed();
  }

  end(report: Report): void {
    this.state = "ended";
    this.report = report;
    this.progress.clear();
    this.#changed();
  }

  failed(problem: Problem): void {
    this.state = "failed";
    this.problem = problem;
    this.#changed();
  }

  #take(chunk: Chunk): void {
    switch (chunk.type) {
      case "text":
        return this.#text(chunk.seq, chunk.text);
      case "data": {
        const { seq: key, topic, payload, renderer = null } = chunk;
        this.parts.push({ kind: "data", key, topic, payload, renderer });
        return;
      }
      case "tool":
        this.parts.push({ kind: "tool", key: chunk.seq, name: chunk.name, sentence: chunk.sentence });
        return;
      case "progress": {
        const { sentence, done, total = null } = chunk;
        // What had no end to count to is over when something else goes on.
        for (const [code, known] of this.progress) if (known.total === null) this.progress.delete(code);
        if (total !== null && done >= total) this.progress.delete(sentence.code);
        else this.progress.set(sentence.code, { sentence, done, total });
        return;
      }
      case "usage":
        this.usage = { cpu_us: chunk.cpu_us, memory_bytes: chunk.memory_bytes };
        return;
      case "log":
        // Each row is as high as every other, so a line break begins a row.
        for (const text of chunk.text.split("\n")) this.log.push({ seq: chunk.seq, level: chunk.level, text });
        return;
      default:
      // Questions come over the line itself, from whichever run.
    }
  }

  #text(key: number, text: string): void {
    const last = this.parts.at(-1);
    const part: TextPart = last?.kind === "text" ? last : { kind: "text", key, blocks: [""] };
    if (part !== last) this.parts.push(part);
    let open = (part.blocks.pop() ?? "") + text;
    while (open.length >= BLOCK_CHARACTERS) {
      const cut = cutBehind(open);
      part.blocks.push(open.slice(0, cut));
      open = open.slice(cut);
    }
    part.blocks.push(open);
  }

  #changed(): void {
    if (this.#frame !== null) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.#version += 1;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** Where a block ends: behind its last line, else anywhere but within a character. */
function cutBehind(text: string): number {
  const line = text.lastIndexOf("\n", BLOCK_CHARACTERS - 1);
  if (line > BLOCK_CHARACTERS / 2) return line + 1;
  const isHigh = (text.charCodeAt(BLOCK_CHARACTERS - 1) & 0xfc00) === 0xd800;
  return isHigh ? BLOCK_CHARACTERS - 1 : BLOCK_CHARACTERS;
}

/** All the text that a run said, for who takes it away. */
export const textOf = (stream: RunStream): string =>
  stream.parts.map((part) => (part.kind === "text" ? part.blocks.join("") : "")).join("\n");
