export async function greet(payload, ctx) {
  return { summary: `Hello ${payload.name ?? "world"}` };
}
