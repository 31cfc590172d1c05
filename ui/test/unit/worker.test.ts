import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { filled } from "../../build/worker.mjs";
import { workerAddress } from "@/live/worker";

const TEMPLATE = readFileSync("public/sw.js", "utf8");
const ORIGIN = "http://127.0.0.1:7070";
const folders: string[] = [];

/** A build of so many files. */
function build(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "oikos-worker-"));
  folders.push(folder);
  mkdirSync(join(folder, "assets"));
  const shell = { "index.html": "<html>", "begin.js": "1", "icon.svg": "2", "manifest.webmanifest": "3" };
  for (const [name, text] of Object.entries({ ...shell, ...files })) writeFileSync(join(folder, name), text);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  vi.unstubAllGlobals();
});

const PARTS = {
  "assets/index-aaaa.js": "a",
  "assets/KeysPage-bbbb.js": "b",
  "assets/index-aaaa.js.br": "c",
  "robots.txt": "d",
};

/** A worker in a scope of paper. `online`: what the network answers, or nothing. */
function start(worker: string, before: string[] = []) {
  const handlers = new Map<string, (event: unknown) => void>();
  const caches = new Map<string, Map<string, Response>>(before.map((name) => [name, new Map()]));
  const asked: Request[] = [];
  let online: ((path: string) => Response) | null = (path) => new Response(`net ${path}`);
  const net = async (request: Request) => {
    asked.push(request);
    if (!online) throw new TypeError("Failed to fetch");
    return online(new URL(request.url).pathname);
  };
  const pathOf = (request: Request | string) =>
    new URL(typeof request === "string" ? request : request.url, ORIGIN).pathname;
  const storage = {
    async open(name: string) {
      const kept = caches.get(name) ?? new Map<string, Response>();
      caches.set(name, kept);
      return {
        async addAll(requests: Request[]) {
          const answers = await Promise.all(requests.map(async (request) => [request, await net(request)] as const));
          if (answers.some(([, answer]) => !answer.ok)) throw new TypeError("Request failed");
          for (const [request, answer] of answers) kept.set(pathOf(request), answer);
        },
        match: async (request: Request | string) => kept.get(pathOf(request))?.clone(),
      };
    },
    keys: async () => [...caches.keys()],
    delete: async (name: string) => caches.delete(name),
  };
  class PaperRequest extends Request {
    constructor(path: string, init?: RequestInit) {
      super(new URL(path, ORIGIN), init);
    }
  }
  const self = {
    location: new URL(ORIGIN),
    addEventListener: (name: string, handler: (event: unknown) => void) => handlers.set(name, handler),
  };
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the worker has no module of its own to import
  new Function("self", "caches", "fetch", "Request", worker)(self, storage, net, PaperRequest);

  const life = async (name: string) => {
    let waits: Promise<unknown> = Promise.resolve();
    handlers.get(name)?.({ waitUntil: (promise: Promise<unknown>) => (waits = promise) });
    await waits;
  };
  /** The answer to a request; nothing where the worker leaves it to the browser. */
  const get = async (address: string, more: { method?: string; mode?: string } = {}) => {
    const request = { url: new URL(address, ORIGIN).href, method: "GET", mode: "no-cors", ...more };
    let answer: Promise<Response> | undefined;
    handlers.get("fetch")?.({ request, respondWith: (promise: Promise<Response>) => (answer = promise) });
    return answer && (await answer).text();
  };
  return {
    life,
    get,
    caches,
    asked,
    offline: () => (online = null),
    answer: (how: (path: string) => Response) => (online = how),
  };
}

const worker = () => filled(TEMPLATE, build(PARTS));
const navigate = { mode: "navigate" };

describe("the worker", () => {
  it("keeps the parts of its build, and removes what older ones kept", async () => {
    const scope = start(worker(), ["oikos-page-old", "somebody-else"]);
    await scope.life("install");
    await scope.life("activate");
    const mine = [...scope.caches].find(([name]) => name.startsWith("oikos-page-"));
    expect([...scope.caches.keys()]).toHaveLength(2);
    expect(scope.caches.has("somebody-else")).toBe(true);
    expect([...(mine?.[1].keys() ?? [])].sort()).toEqual([
      "/",
      "/assets/KeysPage-bbbb.js",
      "/assets/index-aaaa.js",
      "/begin.js",
      "/icon.svg",
      "/manifest.webmanifest",
    ]);
    const fresh = scope.asked.filter(({ cache }) => cache === "reload").map(({ url }) => new URL(url).pathname);
    expect(fresh.sort()).toEqual(["/", "/begin.js", "/icon.svg", "/manifest.webmanifest"]);
  });

  it("does not take over with half a build", async () => {
    const scope = start(worker());
    scope.answer((path) => new Response("", { status: path.includes("Keys") ? 503 : 200 }));
    await expect(scope.life("install")).rejects.toThrow();
  });

  it("asks oikos for each screen, and has the page itself where nobody answers", async () => {
    const scope = start(worker());
    await scope.life("install");
    expect(await scope.get("/runs?x=1", navigate)).toBe("net /runs");
    scope.offline();
    expect(await scope.get("/runs?x=1", navigate)).toBe("net /");
    expect(await scope.get("/begin.js")).toBe("net /begin.js");
  });

  it("fails as the network does where it has nothing", async () => {
    const scope = start(worker());
    scope.offline();
    await expect(scope.get("/", navigate)).rejects.toThrow("Failed to fetch");
  });

  it("takes parts with a digest from what it keeps first, and others from the network", async () => {
    const scope = start(worker());
    await scope.life("install");
    scope.answer(() => new Response("newer"));
    expect(await scope.get("/assets/index-aaaa.js")).toBe("net /assets/index-aaaa.js");
    expect(await scope.get("/assets/index-of-the-next-build.js")).toBe("newer");
    expect(await scope.get("/begin.js")).toBe("newer");
  });

  it.each([
    ["/api/v1/apps", {}],
    ["/api/v1/apps", navigate],
    ["/api", navigate],
    ["/ws", {}],
    ["/v1/chat/completions", {}],
    ["/mcp", navigate],
    ["/metrics", navigate],
    ["/assets/index-aaaa.js", { method: "POST" }],
    ["/", { method: "POST", ...navigate }],
    ["https://elsewhere.example/assets/index-aaaa.js", {}],
    ["http://127.0.0.1:7071/", navigate],
    ["/something/else", {}],
  ])("has nothing to do with %s %j", async (address, more) => {
    const scope = start(worker());
    await scope.life("install");
    expect(await scope.get(address, more)).toBeUndefined();
  });

  it("but with a screen whose name begins like a door", async () => {
    const scope = start(worker());
    expect(await scope.get("/apis", navigate)).toBe("net /apis");
  });
});

describe("its build", () => {
  it("has a name that changes with each byte, and is the same twice", () => {
    const name = (files: Record<string, string>) =>
      /BUILD = "([0-9a-f]{16})"/.exec(filled(TEMPLATE, build(files)))?.[1];
    expect(name(PARTS)).toBe(name(PARTS));
    expect(name({ ...PARTS, "begin.js": "other" })).not.toBe(name(PARTS));
    expect(name({ ...PARTS, "index.html": "other" })).not.toBe(name(PARTS));
    expect(name({ ...PARTS, "assets/more-cccc.js": "" })).not.toBe(name(PARTS));
  });

  it("is not made of a worker or a folder that lacks something", () => {
    expect(() => filled("const SHELL = [];", build(PARTS))).toThrow("BUILD");
    expect(() => filled(`${TEMPLATE}${TEMPLATE}`, build(PARTS))).toThrow("not once");
    const folder = build(PARTS);
    rmSync(join(folder, "begin.js"));
    expect(() => filled(TEMPLATE, folder)).toThrow("begin.js");
  });
});

describe("its address", () => {
  it("goes through a policy that lets no other through", () => {
    let rules: { createScriptURL(address: string): string } | undefined;
    const createPolicy = vi.fn((_name: string, given: typeof rules) => {
      rules = given;
      return { createScriptURL: (address: string) => `trusted ${given?.createScriptURL(address)}` };
    });
    vi.stubGlobal("trustedTypes", { createPolicy });
    expect(workerAddress()).toBe("trusted /sw.js");
    expect(createPolicy.mock.calls[0]?.[0]).toBe("sw");
    expect(() => rules?.createScriptURL("/other.js")).toThrow(TypeError);
  });
  it("is plain where there are no policies", () => {
    expect(workerAddress()).toBe("/sw.js");
  });
});
