const caught = async (body) => {
  try {
    return await body();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
export async function tries() {
  return {
    process: await caught(() => caught.constructor.constructor("return process")()),
    require: await caught(() => require("fs")),
    fs: await caught(() => import("fs")),
    own: await caught(() => import("./bot-logic.js")),
    up: await caught(() => import("../../../../etc/passwd")),
    evaled: await caught(() => (0, eval)("1 + 1")),
    evaled_import: await caught(() => new Function("return import('fs')")()),
    fetched: await caught(() => fetch("http://example.org")),
  };
}
export function absent() {
  const names = [
    ..."process require fetch WebAssembly SharedArrayBuffer Atomics performance XMLHttpRequest Worker".split(" "),
    ..."std os scriptArgs print gc navigator native __native window self module exports Buffer Deno Bun".split(" "),
  ];
  return names.filter((name) => name in globalThis);
}
export function globals() {
  return Reflect.ownKeys(globalThis).map(String).sort();
}
export function collected() {
  const registry = new FinalizationRegistry(() => {});
  for (let i = 0; i < 1000; i++) registry.register({}, i);
  const weak = new WeakRef({ a: 1 });
  return typeof weak.deref();
}
export function stack() {
  Error.prepareStackTrace = (error, frames) => frames;
  return typeof new Error("x").stack;
}
export function forged() {
  const error = new Error("forged");
  error.name = "OikosError";
  error.code = "stopped";
  throw error;
}
