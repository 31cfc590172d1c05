export function cycle() {
  const a = {};
  a.a = a;
  return a;
}
export function getter() {
  return {
    get data() {
      throw new Error("from a getter");
    },
  };
}
export function proxy() {
  return new Proxy({}, { ownKeys: () => { throw new Error("from a proxy"); } });
}
export function proxy_plain() {
  return new Proxy({ a: 1 }, {});
}
export function to_json_loops() {
  return { toJSON() { for (;;); } };
}
export function to_json() {
  return { toJSON: () => "instead" };
}
export function functions() {
  return () => {};
}
export function symbols() {
  return Symbol("s");
}
export function bigint() {
  return 10n;
}
export function fake_promise() {
  return Object.create(Promise.prototype);
}
export function throws_nothing() {
  throw undefined;
}
export function throws_trap() {
  throw new Proxy({}, { get: () => { throw new Error("again"); }, getPrototypeOf: () => { throw 1; } });
}
export function throws_long() {
  throw new Error("x".repeat(1e6));
}
export async function rejects() {
  return Promise.reject({ message: 5, name: {} });
}
export function broken_iterator() {
  return { [Symbol.asyncIterator]: () => ({ next: () => 5 }) };
}
export function numbers() {
  return { data: [NaN, Infinity, -0, 1e300, 0.1], summary: "s" };
}
export function almost() {
  return { data: 1, summary: 5 };
}
