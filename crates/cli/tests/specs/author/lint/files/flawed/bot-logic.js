export async function count(payload, ctx) {
  // ‮ admin ⁦
  return ctx.storage.get("count");
}
