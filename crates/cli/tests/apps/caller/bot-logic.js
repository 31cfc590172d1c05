export async function call({ server, tool, arguments: given, data }, ctx) {
  const said = data === undefined ? {} : { said: await ctx.tools.file.readText(data) };
  const answer = await ctx.tools.mcp.call(server ?? "callee", tool, { ...given, ...said });
  return { data: answer.data, summary: answer.summary };
}

// A second call knows what the first one answered, and what stands in a file.
export async function relay({ data }, ctx) {
  const first = await ctx.tools.mcp.call("callee", "echo", { said: "what comes first" });
  const mine = await ctx.tools.file.readText(data);
  const second = await ctx.tools.mcp.call("callee", "echo", { said: `${first.summary}, then ${mine}` });
  return { summary: second.summary };
}

// A call that is under way when its run reaches a limit of its own.
export async function overrun(_, ctx) {
  ctx.tools.mcp.call("callee", "slow", { ms: 60_000 }).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (;;);
}

export async function list(_, ctx) {
  const tools = await ctx.tools.mcp.list();
  return { data: tools, summary: tools.map((tool) => `${tool.server}/${tool.name}`).join(" ") };
}
