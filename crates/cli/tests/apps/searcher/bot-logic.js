export async function search({ server, tool, said }, ctx) {
  const answer = await ctx.tools.mcp.call(server ?? "search", tool ?? "find", { said: said ?? "found" });
  return { data: answer.data, summary: answer.summary };
}

// Calls again and again until a call is refused, and says why.
export async function watch(_, ctx) {
  for (let calls = 0; calls < 300; calls += 1) {
    try {
      await ctx.tools.mcp.call("search", "echo", { said: `call ${calls}` });
    } catch (error) {
      return { data: { calls }, summary: `${error.code}: ${error.message}` };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { summary: "never refused" };
}

export async function list(_, ctx) {
  const tools = await ctx.tools.mcp.list();
  return { data: tools, summary: tools.map((tool) => `${tool.server}/${tool.name}`).join(" ") };
}
