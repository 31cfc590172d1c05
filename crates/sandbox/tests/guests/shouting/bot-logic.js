export function lines() {
  console.log("plain", 1, true, null, undefined, 10n, Symbol("s"));
  console.debug({ a: [1, { b: "c" }], f() {} });
  console.warn(new TypeError("oops").message);
  console.error(new Error("with a stack"));
  const circle = { name: "circle" };
  circle.self = circle;
  console.info(circle);
  console.log({
    get broken() {
      throw 1;
    },
  });
  console.log(new Proxy({}, { ownKeys: () => { throw 1; } }));
  console.log("x".repeat(100_000));
  console.log();
}
