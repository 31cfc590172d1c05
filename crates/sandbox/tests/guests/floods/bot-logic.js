export function log({ lines }) {
  const line = "x".repeat(8000);
  for (let i = 0; i < lines; i++) console.log(line);
  return "still here";
}
export function timers({ count }) {
  const codes = {};
  for (let i = 0; i < count; i++) {
    try {
      setTimeout(() => {}, 60_000);
      codes.ok = (codes.ok ?? 0) + 1;
    } catch (error) {
      codes[error.code] = (codes[error.code] ?? 0) + 1;
    }
  }
  return codes;
}
export function timers_cleared({ count }) {
  for (let i = 0; i < count; i++) clearTimeout(setTimeout(() => {}, 60_000));
  return "fine";
}
export async function operations({ count }, ctx) {
  const codes = {};
  const all = [];
  for (let i = 0; i < count; i++) {
    const call = ctx.storage.get("k").then(
      () => (codes.ok = (codes.ok ?? 0) + 1),
      (error) => (codes[error.code] = (codes[error.code] ?? 0) + 1),
    );
    all.push(call);
  }
  await Promise.all(all);
  return codes;
}
export async function arguments_huge(_, ctx) {
  const codes = [];
  const attempts = [
    () => ctx.tools.file.write("x", new Uint8Array(5 << 20)),
    () => ctx.tools.file.write("x", "y".repeat(5 << 20)),
    () => ctx.tools.file.read("p".repeat(5 << 20)),
    () => ctx.tools.file.read("p".repeat(5000)),
    () => ctx.storage.set("k", "v".repeat(5 << 20)),
    () => ctx.push_stream("t".repeat(5000), 1),
    () => ctx.push_stream("t", "p".repeat(5 << 20)),
  ];
  for (const attempt of attempts) {
    try {
      await attempt();
      codes.push("taken");
    } catch (error) {
      codes.push(error.code);
    }
  }
  return codes;
}
export async function arguments_many(_, ctx) {
  const part = new Uint8Array(4 << 20);
  const codes = {};
  const all = [];
  for (let i = 0; i < 20; i++)
    all.push(
      ctx.tools.file.write("x", part).then(
        () => (codes.ok = (codes.ok ?? 0) + 1),
        (error) => (codes[error.code] = (codes[error.code] ?? 0) + 1),
      ),
    );
  await Promise.all(all);
  return codes;
}
export function* chunks({ count }) {
  for (let i = 0; i < count; i++) yield "x";
  return "all";
}
export async function* stream() {
  const text = "x".repeat(1 << 20);
  for (;;) yield text;
}
export function result() {
  return "x".repeat(5 << 20);
}
export async function yield_huge(_, ctx) {
  return "unused";
}
export function* huge_piece() {
  yield "x".repeat(5 << 20);
}
