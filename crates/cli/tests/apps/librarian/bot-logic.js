export async function read({ path }, ctx) {
  const text = await ctx.tools.file.readText(path);
  return { data: { text }, summary: text };
}

export async function promise({ kept }) {
  return { data: { number: kept === true ? 7 : "seven" }, summary: "as promised" };
}
