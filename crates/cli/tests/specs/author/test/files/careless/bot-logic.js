const GREETINGS = { Ada: { word: "Hello" } };

// Any other name ends in an error that nobody wrote.
export const greet = ({ name }) => `${GREETINGS[name].word}, ${name}!`;

// Looks where it never asked to look, and says nothing about it.
export async function peek(_, ctx) {
  try {
    await ctx.tools.file.readText("/etc/passwd");
  } catch {}
  return "fine";
}

export async function ask(_, ctx) {
  try {
    await ctx.ai.embed(["x"]);
  } catch {}
  return "fine";
}
