export async function begin(ctx) {
  await ctx.storage.set("currency", "EUR");
}

export async function migrate(ctx) {
  const euros = await ctx.storage.get("euros");
  if (typeof euros === "number") await ctx.storage.set("cents", euros * 100);
  await ctx.storage.delete("euros");
}

export async function health(ctx) {
  if (await ctx.storage.get("euros")) throw new Error("there are still euros");
}

export async function goodbye() {
  console.log("goodbye");
}

export async function deactivate() {
  console.log("asleep");
}

export async function add(payload, ctx) {
  const cents = ((await ctx.storage.get("cents")) ?? 0) + payload.amount * 100;
  await ctx.storage.set("cents", cents);
  return `${cents / 100}`;
}

export async function show(payload, ctx) {
  const found = {};
  for (const key of await ctx.storage.list()) found[key] = await ctx.storage.get(key);
  return JSON.stringify(found);
}
