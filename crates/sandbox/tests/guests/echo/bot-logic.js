export function echo(payload) {
  return payload;
}

export async function greet(payload, ctx) {
  await null;
  return `hello ${payload.name}`;
}

export function both(payload) {
  return { data: payload, summary: "two things", renderer: "table" };
}

export function nothing() {}

export function broken(payload) {
  return payload.missing.deeper;
}
