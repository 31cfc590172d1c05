// @ts-check

/**
 * @param {{ name: string }} args
 * @param {import("oikos").Context} ctx
 * @returns {Promise<import("oikos").Result>}
 */
export async function greet(args, ctx) {
  const key = `greeted/${args.name}`;
  const times = ((await ctx.storage.get(key)) ?? 0) + 1;
  await ctx.storage.set(key, times);
  const summary = times === 1 ? `Hello, ${args.name}!` : `Hello again, ${args.name}: ${times} times now.`;
  return { data: { name: args.name, times }, summary };
}
