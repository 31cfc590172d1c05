const caught = (grow) => {
  try {
    grow();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
export function array() {
  const all = [];
  for (;;) all.push(new Array(1000).fill(1));
}
export function bytes() {
  const all = [];
  for (;;) all.push(new Uint8Array(1 << 20));
}
export function string() {
  let text = "0123456789abcdef";
  for (;;) text += text;
}
export function strings() {
  const all = [];
  for (let i = 0; ; i++) all.push("x".repeat(100_000) + i);
}
export function map() {
  const all = new Map();
  for (let i = 0; ; i++) all.set(i, { i });
}
export function caught_bytes() {
  return caught(bytes);
}
export function caught_array() {
  return caught(array);
}
export function fill({ bytes }) {
  return new Uint8Array(bytes).length;
}
