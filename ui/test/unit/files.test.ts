import { beforeEach, expect, it, vi } from "vitest";
import { forgetFile, handFile, PIECE_BYTES, takeFile } from "@/api/files";
import { faultsOf } from "@/api/start";

const ID = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2e";

/** The other end: keeps what comes, and does to the nth request what is said of it. */
function shelf(size: number, faults: Record<number, (received: number) => Response | Error> = {}) {
  const state = { bytes: new Uint8Array(0), asked: [] as string[], isForgotten: false };
  const file = () => ({ id: ID, name: "a", size_bytes: size, received_bytes: state.bytes.length, expires_at: 1 });
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    state.asked.push(`${init.method ?? "GET"} ${path.replace("/api/v1/files", "")}`);
    init.signal?.throwIfAborted();
    const fault = faults[state.asked.length - 1]?.(state.bytes.length);
    if (fault instanceof Error) throw fault;
    if (fault) return fault;
    if (init.method === "DELETE") state.isForgotten = true;
    if (init.method === "DELETE") return new Response(null, { status: 204 });
    if (path === "/api/v1/files") return Response.json(init.method ? { file: file() } : { files: [file()] });
    if (!path.includes("pieces")) return new Response(state.bytes);
    const bytes = new Uint8Array(await read(init.body as Blob));
    const more = new Uint8Array(state.bytes.length + bytes.length);
    more.set(state.bytes);
    more.set(bytes, state.bytes.length);
    state.bytes = more;
    return Response.json({ file: file() });
  });
  return state;
}
const read = (blob: Blob): Promise<ArrayBuffer> =>
  new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result as ArrayBuffer);
    reader.readAsArrayBuffer(blob);
  });
const problem = (status: number, code: string, hint = "") =>
  Response.json({ type: "", title: "", status, code, detail: code, hint }, { status });
const file = (size: number) => new File([Uint8Array.from({ length: size }, (_, at) => at % 251)], "a.bin");
const signal = () => new AbortController().signal;

beforeEach(() => localStorage.setItem("oikos-page", "oikospage_test"));

it("hands over all bytes in their order and says how far it is", async () => {
  const size = PIECE_BYTES * 2 + 3;
  const kept = shelf(size);
  const told: number[] = [];
  const handed = await handFile(file(size), { signal: signal(), onProgress: (sent) => told.push(sent) });
  expect(handed).toMatchObject({ id: ID, received_bytes: size });
  expect(told).toEqual([0, PIECE_BYTES, PIECE_BYTES * 2, size]);
  expect(kept.bytes.every((byte, at) => byte === at % 251)).toBe(true);
  expect((await (await takeFile(ID)).arrayBuffer()).byteLength).toBe(size);
});

it("goes on where the other end says, and tries again what did not come", async () => {
  const kept = shelf(10, {
    1: () => problem(503, "host_busy"),
    2: () => new TypeError("network"),
    3: () => problem(409, "conflict", "go on at 0"),
  });
  await handFile(file(10), { signal: signal() });
  expect(kept.bytes).toHaveLength(10);
  expect(kept.asked).toEqual([
    "POST ",
    ...Array<string>(3).fill(`POST /${ID}/pieces?at=0`),
    "GET ",
    `POST /${ID}/pieces?at=0`,
  ]);
});

it("gives up on what will never be, and takes back what was begun", async () => {
  const kept = shelf(10, { 1: () => problem(413, "too_large") });
  await expect(handFile(file(10), { signal: signal() })).rejects.toMatchObject({ code: "too_large" });
  await vi.waitFor(() => expect(kept.isForgotten).toBe(true));
});

it("ends at once when it is cancelled", async () => {
  const ending = new AbortController();
  const kept = shelf(PIECE_BYTES + 1);
  const handing = handFile(file(PIECE_BYTES + 1), {
    signal: ending.signal,
    onProgress: (sent) => sent > 0 && ending.abort(),
  });
  await expect(handing).rejects.toThrow();
  await vi.waitFor(() => expect(kept.isForgotten).toBe(true));
  expect(kept.bytes).toHaveLength(PIECE_BYTES);
  await forgetFile(ID);
});

it("finds the places that oikos names", () => {
  expect(
    faultsOf(
      "input/rows: expected at most 5, found 9\ninput: the key 'a/b' is missing\ninput/x: the key 'y' is missing\nanything",
    ),
  ).toEqual([
    { pointer: "/rows", message: "expected at most 5, found 9" },
    { pointer: "/a~1b", message: "the key 'a/b' is missing" },
    { pointer: "/x/y", message: "the key 'y' is missing" },
  ]);
});
