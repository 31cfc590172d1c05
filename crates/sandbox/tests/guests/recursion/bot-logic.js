const caught = (body) => {
  try {
    return body();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const nest = (depth) => {
  let value = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};
export function plain() {
  const deeper = (n) => 1 + deeper(n + 1);
  return caught(() => deeper(0));
}
export function depth() {
  let depth = 0;
  const deeper = () => {
    depth++;
    deeper();
  };
  caught(deeper);
  return depth;
}
export function parse() {
  return caught(() => JSON.parse("[".repeat(2e6)));
}
export function parse_objects() {
  return caught(() => JSON.parse('{"a":'.repeat(2e6)));
}
export function stringify() {
  return caught(() => JSON.stringify(nest(1e5)));
}
export function getters() {
  const trap = new Proxy({}, { get: (target, key, self) => self[key] });
  return caught(() => trap.x);
}
export function regex() {
  return caught(() => new RegExp("(".repeat(1e5) + ")".repeat(1e5)));
}
export function code() {
  return caught(() => new Function("return " + "(".repeat(1e5) + ")".repeat(1e5)));
}
export function clone() {
  return caught(() => structuredClone(nest(1e5)) && "cloned");
}
export function flat() {
  return caught(() => nest(1e5).flat(Infinity).length);
}
export function text() {
  return caught(() => String(nest(1e5)));
}
export function result() {
  return nest(1000);
}
export function uncaught() {
  const deeper = () => deeper() + 1;
  return deeper();
}
