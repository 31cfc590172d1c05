// Survives in no run but the one it is set in: the count is in storage alone.
let runsSeen = 0;

export async function bump(payload, ctx) {
  const count = ((await ctx.storage.get("count")) ?? 0) + (payload.by ?? 1);
  await ctx.storage.set("count", count);
  runsSeen += 1;
  return { data: { count, runs_seen: runsSeen }, summary: `${count}` };
}

export async function show(payload, ctx) {
  const count = (await ctx.storage.get("count")) ?? 0;
  return { data: { count, keys: await ctx.storage.list() }, summary: `${count}` };
}

export async function fill(payload, ctx) {
  const value = "x".repeat(payload.value_bytes ?? 65_536);
  let stored = 0;
  try {
    for (;;) {
      await ctx.storage.set(`fill/${String(stored).padStart(6, "0")}`, value);
      stored += 1;
    }
  } catch (error) {
    if (!payload.catch) throw error;
    return { data: { stored, code: error.code }, summary: `stored ${stored} values, then: ${error.code}` };
  }
}

export async function fail(payload, ctx) {
  await bump({}, ctx);
  await ctx.storage.set("failed", true);
  throw new Error("failed on purpose, after writing");
}

export async function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return { data: { math: Math.random(), bytes: [...bytes], uuid: crypto.randomUUID() }, summary: "drawn" };
}
