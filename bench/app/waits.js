// An action that suspends in a host call, so that live runs can be counted and weighed.
export async function wait(payload, ctx) {
  return await ctx.tools.file.readText("inbox/letter.txt");
}
