// A program that speaks with oikos: a message a line, JSON-RPC 2.0. Every action tells what came of what it tried.
import { createInterface } from "node:readline";
import fs from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";

const waiting = new Map();
let asked = 0;
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
const host = (call, name, args, body) =>
  new Promise((resolve) => {
    const id = `h${++asked}`;
    waiting.set(id, resolve);
    say({ id, method: "host.call", params: { call, name, arguments: args, ...(body && { body }) } });
  });
const attempt = (work) => {
  try {
    return { done: work() };
  } catch (error) {
    return { failed: error.code ?? String(error) };
  }
};
const connect = (options) =>
  new Promise((resolve) => {
    const socket = net.connect(options, () => resolve({ done: "connected" }));
    socket.on("error", (error) => resolve({ failed: error.code }));
    socket.setTimeout(2000, () => resolve({ failed: "timeout" }));
  });

// The proxy that the environment names.
const dial = () =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(process.env.HTTP_PROXY);
    const line = net.connect({ host: hostname, port }, () => resolve(line)).on("error", reject);
  });
// What comes by a line until it is enough, or there is no more.
const hear = (line, isEnough = () => false) =>
  new Promise((resolve, reject) => {
    let said = Buffer.alloc(0);
    const done = () => {
      line.off("data", take).off("close", done).off("error", reject);
      resolve(said);
    };
    const take = (piece) => {
      said = Buffer.concat([said, piece]);
      if (isEnough(said)) done();
    };
    line.on("data", take).on("close", done).on("error", reject);
  });
// Asks the proxy for a way to a host, in each of its languages; what it says instead of one.
const ways = {
  connect: async (line, host, port) => {
    line.write(`CONNECT ${host}:${port} HTTP/1.1\r\nhost: ${host}:${port}\r\n\r\n`);
    const said = String(await hear(line, (said) => said.includes("\r\n\r\n")));
    if (!said.startsWith("HTTP/1.1 200")) return said;
  },
  socks: async (line, host, port) => {
    line.write(Buffer.from([5, 1, 0]));
    await hear(line, (said) => said.length >= 2);
    line.write(Buffer.from([5, 1, 0, 3, host.length, ...Buffer.from(host), port >> 8, port & 255]));
    const said = await hear(line, (said) => said.length >= 10);
    if (said[1] !== 0) return `SOCKS5 ${said[1]}`;
  },
  // A request with its whole address is sent on.
  forward: async () => {},
};
const secured = (line, name) =>
  new Promise((resolve, reject) => {
    const options = { socket: line, servername: name, rejectUnauthorized: false };
    const secure = tls.connect(options, () => resolve(secure)).on("error", reject);
  });
const fetched = async ({ how, host, port, name }) => {
  let line = await dial();
  try {
    const refused = await ways[how](line, host, port);
    if (refused !== undefined) return { refused };
    if (name !== undefined) line = await secured(line, name);
    const path = how === "forward" ? `http://${host}:${port}/` : "/";
    line.write(`GET ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\nconnection: close\r\n\r\n`);
    const said = String(await hear(line));
    return said.startsWith("HTTP/1.1 200") ? { done: said.split("\r\n\r\n")[1] } : { refused: said };
  } catch (error) {
    return { failed: error.code ?? String(error) };
  } finally {
    if (!line.destroyed) {
      const closed = new Promise((resolve) => line.on("close", resolve));
      line.resume().end();
      await closed;
    }
  }
};

let runs = 0;
const actions = {
  look: async (_input, call, env) => {
    say({ method: "stream", params: { call, text: "looking" } });
    say({ method: "log", params: { call, level: "info", text: "a line" } });
    return {
      data: {
        pid: process.pid,
        runs: ++runs,
        environment: process.env,
        processes: fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length,
        home: fs.readdirSync(process.env.HOME).sort(),
        folder: fs.readdirSync(".").sort(),
        app: env.app,
      },
      summary: "looked",
    };
  },
  attempt: async ({ what, path, text }) => {
    const tries = {
      read: () => fs.readFileSync(path, "utf8"),
      list: () => fs.readdirSync(path).sort(),
      write: () => fs.writeFileSync(path, text ?? "x") ?? "written",
      run: () => {
        const made = spawnSync(path, [], { encoding: "utf8" });
        if (made.error) throw made.error;
        return made.stdout;
      },
      signal: () => process.kill(Number(text), 0),
    };
    if (what === "connect") return { data: await connect({ host: path, port: Number(text) }) };
    if (what === "socket") return { data: await connect({ path }) };
    return { data: attempt(tries[what]) };
  },
  fetch: async (input, call) => {
    const data = await fetched(input);
    // What the proxy has heard of the end of that was before it heard this.
    await host(call, "storage.get", { key: "arrived" });
    return { data };
  },
  call: async ({ name, arguments: args, body }, call) => ({ data: await host(call, name, args ?? {}, body) }),
  digest: async ({ name }) => ({ data: { digest: createHash("sha256").update(process.env[name] ?? "").digest("hex") } }),
  remember: async ({ key }, call) => ({
    data: await host(call, "storage.set", { key }, btoa(JSON.stringify(process.env.TOKEN))),
  }),
  misbehave: async ({ how }, call) => {
    if (how === "tell") throw new Error(`refused: ${process.env.TOKEN}`);
    if (how === "die") {
      say({ method: "log", params: { call, level: "error", text: process.env.TOKEN } });
      say({ method: "stream", params: { call, text: process.env.TOKEN } });
      console.error(`cannot sign in with ${process.env.TOKEN}\n  in line 7`);
      process.exit(3);
    }
    if (how === "end") {
      console.error("something broke\n  in line 7");
      process.exit(3);
    }
    if (how === "throw") throw new Error("no such thing");
    if (how === "print") console.log("Server is listening");
    if (how === "foreign") return { data: await host(call + 1000, "storage.get", { key: "a" }) };
    if (how === "hang") await new Promise(() => setInterval(() => {}, 1000));
    if (how === "long") process.stdout.write("x".repeat(32 << 20));
    return "done";
  },
  arrive: async (_input, call) => host(call, "storage.set", { key: "arrived" }, btoa("true")),
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const message = JSON.parse(line);
  const { id, method, params } = message;
  if (method === undefined) return waiting.get(id)?.(message.result ?? { error: message.error });
  if (method === "initialize") return say({ id, result: { protocol: 1 } });
  if (method === "activate" || method === "deactivate") return say({ id, result: {} });
  if (method !== "invoke") return;
  const action = actions[params.name];
  if (!action) return say({ id, error: { code: -32601, message: `no ${params.name}` } });
  try {
    say({ id, result: (await action(params.input, params.call, params.env)) ?? null });
  } catch (error) {
    say({ id, error: { code: 1, message: error.message } });
  }
});
