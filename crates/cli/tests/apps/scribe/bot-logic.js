export async function write(payload, ctx) {
  const answer = await ctx.tools.file.write(payload.path, payload.text);
  return { data: answer ?? null, summary: `wrote ${payload.path}` };
}

export async function read(payload, ctx) {
  const { path, from, to } = payload;
  if (from === undefined && to === undefined) return { data: await ctx.tools.file.readText(path), summary: `read ${path}` };
  const bytes = await ctx.tools.file.read(path, { from, to });
  return { data: new TextDecoder().decode(bytes), summary: `read ${bytes.length} bytes of ${path}` };
}

export async function remove(payload, ctx) {
  const answer = await ctx.tools.file.remove(payload.path);
  return { data: answer ?? null, summary: `removed ${payload.path}` };
}

export async function move(payload, ctx) {
  await ctx.tools.file.move(payload.path, payload.to);
  return { data: null, summary: `moved ${payload.path} to ${payload.to}` };
}

export async function list(payload, ctx) {
  const { entries } = await ctx.tools.file.list(payload.path);
  return { data: entries, summary: entries.map((entry) => entry.name).join("\n") };
}

export async function* many(payload, ctx) {
  const { folder, count, text = "text", pause_ms: pauseMs = 0 } = payload;
  for (let i = 0; i < count; i++) {
    await ctx.tools.file.write(`${folder}/${i}.txt`, `${text} ${i}`);
    yield `${i}\n`;
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return { data: { written: count }, summary: `wrote ${count} files in ${folder}` };
}

export async function copy(payload, ctx) {
  const bytes = await ctx.tools.file.read(payload.from);
  await ctx.tools.file.write(payload.to, bytes);
  return { data: { bytes: bytes.length }, summary: `copied ${bytes.length} bytes` };
}
