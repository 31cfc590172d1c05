// Files that this device has and the machine where oikos runs has not: their bytes go there in pieces, each once, and
// what a run wrote comes back the same way. A file over there is gone an hour after its last use.
import { headers, problemFrom, type Schemas } from "./client";
import { Problem, problemOf, UNREACHABLE } from "./problem";
import { session } from "./session";

/** Small enough that one comes through a slow line within the minute that oikos waits for it. */
export const PIECE_BYTES = 1 << 20;
/** Larger ones are named by their path, where oikos runs. */
export const FILE_BYTES_MAX = 64 << 20;
const NAME_CHARACTERS_MAX = 255;
const TRIES_MAX = 5;
const RETRY_FIRST_MS = 400;

/** A file as oikos has it. */
export type HandedFile = Schemas["FileView"];

interface Handing {
  signal: AbortSignal;
  onProgress?(sentBytes: number): void;
}

/** Hands a file over. What was begun and not ended is taken back. */
export async function handFile(file: File, { signal, onProgress }: Handing): Promise<HandedFile> {
  const handed = await announceFile(file.name, file.size, signal);
  let at = handed.received_bytes;
  try {
    let failures = 0;
    while (at < file.size) {
      onProgress?.(at);
      const piece = file.slice(at, at + PIECE_BYTES);
      try {
        at = (await sendPiece(handed.id, at, piece, signal)).received_bytes;
        failures = 0;
      } catch (error) {
        const problem = problemOf(error);
        signal.throwIfAborted();
        failures += 1;
        if (failures >= TRIES_MAX || !isWorthAnother(problem)) throw problem;
        await pause(RETRY_FIRST_MS * 2 ** (failures - 1), signal);
        // Whether the piece came is known over there alone.
        if (problem.code === "conflict") at = await receivedBytes(handed.id, signal);
      }
    }
    onProgress?.(at);
    return { ...handed, received_bytes: at };
  } catch (error) {
    void forgetFile(handed.id).catch(() => {});
    throw error;
  }
}

/** A new, empty file over there, for a run to write. */
export const newFile = (name: string, signal: AbortSignal): Promise<HandedFile> => announceFile(name, 0, signal);

/** The bytes of a file as they are now. */
export async function takeFile(id: string): Promise<Blob> {
  return (await ask(`/api/v1/files/${id}`, {})).blob();
}

export async function forgetFile(id: string): Promise<void> {
  await ask(`/api/v1/files/${id}`, { method: "DELETE" });
}

async function announceFile(name: string, size_bytes: number, signal: AbortSignal): Promise<HandedFile> {
  const said = { name: Array.from(name).slice(0, NAME_CHARACTERS_MAX).join(""), size_bytes };
  const body = JSON.stringify(said);
  return fileOf(await ask("/api/v1/files", { method: "POST", body, signal }, "application/json"));
}

async function sendPiece(id: string, at: number, piece: Blob, signal: AbortSignal): Promise<HandedFile> {
  const path = `/api/v1/files/${id}/pieces?at=${at}`;
  return fileOf(await ask(path, { method: "POST", body: piece, signal }, "application/octet-stream"));
}

async function receivedBytes(id: string, signal: AbortSignal): Promise<number> {
  const { files } = (await (await ask("/api/v1/files", { signal })).json()) as { files: HandedFile[] };
  const file = files.find((file) => file.id === id);
  if (!file) throw new Problem({ code: "not_found", detail: "the file that was being handed over is gone" });
  return file.received_bytes;
}

async function fileOf(response: Response): Promise<HandedFile> {
  return ((await response.json()) as { file: HandedFile }).file;
}

async function ask(path: string, init: RequestInit, type?: string): Promise<Response> {
  const response = await fetch(path, { ...init, headers: headers(type ? { "content-type": type } : {}) });
  if (response.status === 401) session.end();
  if (!response.ok) throw problemFrom(await response.json().catch(() => null), response.status);
  return response;
}

const isWorthAnother = ({ code, status }: Problem): boolean =>
  code === UNREACHABLE || code === "conflict" || status === 429 || status >= 500;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      if (signal.aborted) fail(signal.reason as Error);
      else done();
    }
  });
}
