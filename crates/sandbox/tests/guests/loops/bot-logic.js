export function forever() {
  for (;;);
}
export function regex() {
  return /^(a+)+$/.test("a".repeat(40) + "b");
}
export async function microtasks() {
  for (;;) await null;
}
export function* generator() {
  for (;;) yield;
}
export async function* async_generator() {
  for (;;) yield;
}
export function sort() {
  return [1, 2, 3].sort(() => {
    for (;;);
  });
}
export async function after_the_end(_, ctx) {
  ctx.storage.set("k", 1).then(async () => {
    for (;;) await null;
  });
  return "done";
}
export function bigint() {
  let n = 3n;
  for (;;) n = n * n;
}
