// Keeps for which times it was started.

export async function tick(_, ctx) {
  const times = (await ctx.storage.get("times")) ?? [];
  times.push(ctx.env.trigger.scheduledAt);
  await ctx.storage.set("times", times);
  return `${times.length}`;
}
