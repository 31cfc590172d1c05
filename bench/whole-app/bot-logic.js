// One action for each kind of run. `runs` shows that none of them sees what another left behind.
let runs = 0;

export async function echo(payload, ctx) {
  runs += 1;
  return { data: { text: payload.text, runs }, summary: payload.text };
}

export async function look(payload, ctx) {
  runs += 1;
  const kept = await ctx.storage.get("kept");
  await ctx.push_stream("kept", { kept });
  return { data: { text: payload.text, runs }, summary: payload.text };
}

export async function keep(payload, ctx) {
  runs += 1;
  await ctx.storage.set("kept", payload.text);
  return { data: { text: payload.text, runs }, summary: payload.text };
}
