export async function begin(ctx) {
  await ctx.storage.set("currency", "EUR");
  console.log(`hook ${ctx.env.trigger.hook}`);
}

export async function close(ctx) {
  await ctx.storage.set("closed", `${ctx.env.trigger.from} for ${ctx.env.trigger.to}`);
}

export async function goodbye() {
  console.log("goodbye");
}

// Called without a word in the manifest, because it is exported under this name.
export async function deactivate() {
  console.log("asleep");
}

export async function add(payload, ctx) {
  const euros = ((await ctx.storage.get("euros")) ?? 0) + payload.amount;
  await ctx.storage.set("euros", euros);
  return `${euros}`;
}

export async function show(payload, ctx) {
  const found = {};
  for (const key of await ctx.storage.list()) found[key] = await ctx.storage.get(key);
  return JSON.stringify(found);
}
