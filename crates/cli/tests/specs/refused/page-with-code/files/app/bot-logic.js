export async function roll(payload, ctx) {}
