// Changes everything it can reach, then works like an honest app.
const broken = () => {
  throw new Error("the host called the app");
};
export async function pollute(_, ctx) {
  Object.prototype.path = "/etc/passwd";
  Object.prototype.toJSON = undefined;
  Object.prototype.code = "permission_granted";
  Object.defineProperty(Object.prototype, "table", { set: broken, get: () => 77, configurable: true });
  Object.defineProperty(Object.prototype, "operation", { set: broken, configurable: true });
  Array.prototype.push = broken;
  for (const type of [Map, Set, WeakMap, Promise, String, Number, Function, RegExp, Error, Uint8Array])
    for (const key of Reflect.ownKeys(type.prototype)) {
      if (key === "constructor") continue;
      try {
        type.prototype[key] = broken;
      } catch {}
    }
  JSON.stringify = broken;
  JSON.parse = broken;
  Reflect.apply = broken;
  Object.freeze = broken;
  globalThis.Promise = broken;
  globalThis.Map = broken;
  globalThis.Error = broken;
  Array.prototype[Symbol.iterator] = broken;
  console.log("still talking", { a: 1 });
  await ctx.storage.set("k", { mine: 1 });
  const value = await ctx.storage.get("k");
  let missing;
  try {
    await ctx.tools.file.read("missing");
  } catch (error) {
    missing = error;
  }
  await ctx.push_stream("t", { a: 1 });
  return { value, code: missing.code, own: Object.hasOwn(missing, "code"), uuid: crypto.randomUUID().length };
}
export async function frozen(_, ctx) {
  const tries = [];
  for (const [what, change] of [
    ["ctx", () => (ctx.storage = 1)],
    ["storage", () => (ctx.storage.get = 1)],
    ["tools", () => (ctx.tools.file = 1)],
    ["file", () => (ctx.tools.file.read = 1)],
    ["console", () => (console.log = 1)],
    ["crypto", () => (crypto.randomUUID = 1)],
    ["env", () => (ctx.env.deep.er[0] = 2)],
  ]) {
    try {
      change();
      tries.push(what);
    } catch {}
  }
  return tries;
}
export async function then_broken(_, ctx) {
  Promise.prototype.then = broken;
  await ctx.storage.set("k", 1);
  return "went on";
}
export function names(_, ctx) {
  return Object.getOwnPropertyNames(ctx);
}
const hidden = function () {
  return "hidden";
};
export { hidden as __proto__, hidden as constructor, hidden as toString };
