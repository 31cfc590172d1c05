let counter = 0;
globalThis.shared = globalThis.shared ?? [];
export function count(_, ctx) {
  counter++;
  shared.push(counter);
  Object.prototype.leaked = (Object.prototype.leaked ?? 0) + 1;
  return [counter, shared.length, {}.leaked];
}
