export async function look(payload, ctx) {
  return { data: ctx.env.settings, summary: JSON.stringify(ctx.env.settings) };
}
