// @ts-check

/**
 * @param {{ text: string, longest?: number }} payload
 * @param {import("oikos").Context} ctx
 * @returns {Promise<import("oikos").Result>}
 */
export async function count(payload, ctx) {
  const text = await ctx.tools.file.readText(payload.text);
  const words = text.match(/[\p{L}\p{N}'’-]+/gu) ?? [];
  const longest = [...new Set(words)].sort((a, b) => b.length - a.length).slice(0, payload.longest ?? 0);
  const summary = [`${words.length} words`, ...longest.map((word) => `  ${word}`)].join("\n");
  return { data: { words: words.length, longest }, summary };
}
