// Answers requests, in every way there is.

export function activate(ctx) {
  const mistakes = [
    () => ctx.route("GET", "/", "no function"),
    () => ctx.route("GET", 5, () => {}),
    () => ctx.route(5, "/", () => {}),
    () => ctx.route("GET", "/" + "x".repeat(200), () => {}),
  ];
  ctx.route("GET", "/text", () => "hello \ud800");
  mistakes.push(() => ctx.route("GET", "/text", () => {}));
  for (const mistake of mistakes) {
    try {
      mistake();
    } catch (error) {
      if (error.code === "invalid_input") continue;
    }
    throw new Error(`not refused: ${mistake}`);
  }
  ctx.route("GET", "/nothing", () => {});
  ctx.route("GET", "/full", async () => ({ status: 201, headers: { etag: '"1"' }, body: "<p>" }));
  ctx.route("GET", "/json", () => ({ body: { a: [1, null] } }));
  ctx.route("GET", "/bytes", () => ({ body: new Uint8Array([104, 105]) }));
  ctx.route("GET", "/empty", () => ({ status: 304 }));
  ctx.route("GET", "/odd", () => ({ ok: true }));
  ctx.route("GET", "/list", () => [1]);
  ctx.route("GET", "/null", () => null);
  ctx.route("GET", "/circle", () => {
    const body = {};
    body.body = body;
    return { body };
  });
  ctx.route("GET", "/throws", () => {
    throw new Error("no");
  });
  ctx.route("POST", "/echo/:id", async (request, { env }) => {
    let frozen = false;
    try {
      request.params.id = "other";
    } catch {
      frozen = true;
    }
    const { method, path, params, query, headers, form, body } = request;
    const is = [body instanceof Uint8Array, frozen, env !== undefined];
    return { body: { method, path, params, query, headers, form, text: request.text(), is } };
  });
  ctx.route("GET", "/late", (_, { route }) => route("GET", "/more", () => {}));
}

// What an app changes afterwards changes nothing of this.
Promise.prototype.then = () => "gone";
Object.freeze = () => "gone";

// No route, whatever it calls itself.
function forged() {}
export { forged as "route:0:GET /forged" };
