// @ts-check
// An exported function for each action of action-schema.json. What `ctx` has stands in oikos.d.ts.

/**
 * @param {{ name: string }} payload
 * @param {import("oikos").Context} ctx
 * @returns {Promise<import("oikos").Result>}
 */
export async function greet(payload, ctx) {
  const key = `greeted/${payload.name}`;
  const times = ((await ctx.storage.get(key)) ?? 0) + 1;
  await ctx.storage.set(key, times);
  const summary = times === 1 ? `Hello, ${payload.name}!` : `Hello again, ${payload.name}: ${times} times now.`;
  return { data: { name: payload.name, times }, summary };
}
