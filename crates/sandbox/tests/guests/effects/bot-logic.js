// Files, storage, tables, and how errors look.
export async function bytes(_, ctx) {
  const { file } = ctx.tools;
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  await file.write("a.bin", all.subarray(10, 250));
  const back = await file.read("a.bin");
  const part = await file.read("a.bin", { from: 1, to: 3 });
  await file.write("b.txt", "grüße 😀");
  await file.write("c.bin", all.buffer);
  return {
    isBytes: back instanceof Uint8Array,
    same: back.length === 240 && back.every((byte, i) => byte === i + 10),
    part: [...part],
    text: await file.readText("b.txt"),
    buffer: (await file.read("c.bin")).length,
    picked: await file.pick({ access: "write", folder: true, purpose: "to keep" }),
  };
}

export async function keeps(_, { storage }) {
  await storage.set("k/1", { a: [1, null, "ü"] });
  await storage.set("k/2", 2);
  const seen = [await storage.get("k/1"), (await storage.get("none")) === undefined, await storage.list("k/")];
  return [...seen, await storage.list({ prefix: "k/2" }), await storage.delete("k/1"), await storage.delete("k/1")];
}

export async function tables(_, { tools: { csv } }) {
  const table = await csv.open("data.csv", { delimiter: ";" });
  const seen = [];
  for await (const rows of table.rows({ batch: 2 })) seen.push(rows.length);
  return {
    seen,
    columns: table.columns,
    path: table.path,
    handle: table.table,
    frozen: Object.isFrozen(table),
    statistics: await table.statistics(["a"]),
    groups: await table.aggregate({ groupBy: ["b"], measures: [{ measure: "count" }] }),
    closed: await table.close(),
    parsed: await csv.parse("x"),
    written: await csv.stringify([[1, "a"]]),
  };
}

export async function servers(_, { tools: { mcp } }) {
  return {
    called: await mcp.call("github", "search", { q: "ü", __proto__: null }),
    bare: await mcp.call("github", "search"),
    wrong: await mcp.call("github", "search", [1]).catch((error) => error.code),
    endless: await mcp.call("github", "search", { q: 1n }).catch((error) => error.name),
    listed: await mcp.list(),
  };
}

export async function errors(_, ctx) {
  const seen = [];
  const look = async (what) => {
    try {
      seen.push(await what());
    } catch (error) {
      seen.push([error.name, error.code, error instanceof Error, error.message]);
    }
  };
  await look(() => ctx.tools.file.read("missing"));
  await look(() => ctx.tools.file.write("x", 5));
  await look(() => ctx.storage.set("k", undefined));
  await look(() => ctx.ai.generateObject("p", {}));
  await look(async () => {
    for await (const _ of ctx.ai.generateText("p"));
  });
  await look(() => ctx.tools.clipboard.read());
  await look(() => ctx.emit("Not a topic", 1));
  await look(async () => ctx.on("topic", () => {}));
  await look(async () => ctx.route("GET", "/", () => {}));
  return seen;
}

export async function fetches(_, ctx) {
  const { fetch } = ctx.tools.http;
  const plain = await fetch("https://a.example/x");
  const sent = await fetch("https://a.example/echo", { method: "post", headers: { "X-A": "1" }, body: "é", redirect: "manual" });
  const bytes = await fetch("https://a.example/echo", { method: "PUT", body: new Uint8Array([1, 2]) });
  const refused = await fetch("https://a.example/", { method: "POST", body: { no: 1 } }).catch((error) => [error.code, error.message]);
  return {
    plain: [plain.status, plain.ok, plain.url, plain.headers["content-type"], plain.headers.missing ?? null, plain.text(), plain.json()],
    isBytes: plain.body instanceof Uint8Array && Object.isFrozen(plain),
    keys: Object.keys(plain.headers),
    sent: sent.json(),
    bytes: bytes.json(),
    refused,
  };
}

export async function uncaught(_, ctx) {
  await ctx.tools.file.read("missing");
}

export async function circular(_, ctx) {
  const a = {};
  a.a = a;
  await ctx.storage.set("k", a);
}
