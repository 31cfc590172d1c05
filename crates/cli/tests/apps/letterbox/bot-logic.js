import { escape } from "./escape.js";

const html = (body) => ({
  headers: { "content-type": "text/html" },
  body: `<!doctype html><html lang="en"><title>Letterbox</title><main>${body}</main></html>`,
});
const text = (said) => said.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

async function letters({ storage }) {
  const keys = await storage.list("letter/");
  return Promise.all(keys.map(async (key) => ({ id: key.slice("letter/".length), text: await storage.get(key) })));
}

export function activate(ctx) {
  ctx.route("GET", "/", async (_, ctx) => {
    const kept = (await letters(ctx)).map(({ id, text: said }) => `<li><a href="/letters/${id}">${text(said)}</a></li>`);
    return html(`<h1>Letterbox</h1><ul>${kept.join("")}</ul>
      <form method="post" action="/letters"><label>Letter <input name="text"></label><button>Post</button></form>
      <p>Letters: <output></output></p>
      <script type="module">
        const answer = await fetch("/letters", { headers: { "x-asked-by": "page" } });
        document.querySelector("output").textContent = (await answer.json()).length;
      </script>`);
  });
  ctx.route("POST", "/letters", async ({ form }, { storage }) => {
    const id = crypto.randomUUID();
    await storage.set(`letter/${id}`, form.text);
    return { status: 303, headers: { location: `/letters/${id}` } };
  });
  ctx.route("GET", "/letters", async (_, ctx) => ({ body: await letters(ctx) }));
  ctx.route("GET", "/letters/:id", async ({ params }, { storage }) => {
    const said = await storage.get(`letter/${params.id}`);
    if (said === undefined) return { status: 404, body: "no such letter" };
    return html(`<h1>A letter</h1><p>${text(said)}</p><p><a href="/">All letters</a></p>`);
  });
  ctx.route("GET", "/escape", () =>
    html(`<h1>Out</h1><output></output><button>Leave</button><script type="module" src="/escape.js"></script>`),
  );
  const script = (body) => ({ headers: { "content-type": "text/javascript" }, body });
  ctx.route("GET", "/escape.js", () => script(escape));
  ctx.route("GET", "/sw.js", () => script("onfetch = () => {};"));
  ctx.route("GET", "/large", () => ({ body: new Uint8Array(4 << 20) }));
  ctx.route("GET", "/cookie", () => ({ headers: { "set-cookie": "a=b" }, body: "" }));
}

export async function count(_, ctx) {
  return `${(await letters(ctx)).length}`;
}
