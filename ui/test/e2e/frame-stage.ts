// Pages that hold a view, ours and that of the makers of MCP Apps, beside the frame as oikos serves it: with its real policy, on an
// origin of its own.
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { build } from "vite";

export const RENDERERS = resolve(import.meta.dirname, "../../../renderers");
const LABEL = "0123456789abcdef0123456789abcdef";

export class FrameStage {
  private constructor(
    readonly origin: string,
    private readonly server: Server,
    private readonly parts: Readonly<Record<string, string>>,
  ) {}

  /** With these of `renderers/test/parts`. */
  static async open(...names: string[]): Promise<FrameStage> {
    const parts: Record<string, string> = {};
    for (const name of names) parts[name] = document(await bundled(name));
    const frame = await readFile(`${RENDERERS}/dist/frame.html`, "utf8");
    const server = createServer((request, response) => {
      const { port } = server.address() as AddressInfo;
      const isView = request.headers.host === `${LABEL}.localhost:${port}`;
      const found = isView ? (request.url === "/frame" ? frame : undefined) : parts[(request.url ?? "").slice(1)];
      void frameHeads(`http://127.0.0.1:${port}`).then((heads) => {
        response.writeHead(found === undefined ? 404 : 200, {
          "content-type": "text/html; charset=utf-8",
          ...(isView ? heads : {}),
        });
        response.end(found);
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new FrameStage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, parts);
  }

  /** Where its frame is. */
  get views(): string {
    return this.origin.replace("127.0.0.1", `${LABEL}.localhost`);
  }

  /** A part as a document. */
  part(name: string): string {
    const part = this.parts[name];
    if (part === undefined) throw new Error(`${name} is no part of this stage`);
    return part;
  }

  close(): void {
    this.server.close();
  }
}

/** One script of everything that a part needs. */
async function bundled(name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    root: `${RENDERERS}/test`,
    build: {
      write: false,
      target: "es2023",
      rollupOptions: { input: `${RENDERERS}/test/parts/${name}.ts`, output: { format: "iife" } },
    },
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output)) throw new Error(`${name} was not built`);
  const [{ code }] = output.output;
  return code.replaceAll(/<\/script/gi, "<\\/script").replaceAll("<!--", "<\\!--");
}

const document = (script: string) => `<!doctype html><meta charset="utf-8"><body><script>${script}</script>`;

/** What oikos serves the frame with, as the frame's own README says it. */
async function frameHeads(pages: string): Promise<Record<string, string>> {
  const said = await readFile(`${RENDERERS}/frame/README.md`, "utf8");
  const heads = /Content-Security-Policy: ([^`]*?)\nConnection-Allowlist: (.*)\n/.exec(said);
  const [, policy, connections] = heads ?? [];
  if (!policy || !connections) throw new Error("renderers/frame/README.md says no policy");
  return {
    "content-security-policy": policy.replaceAll(/\s+/g, " ").replace("<the page's origin>", pages),
    "connection-allowlist": connections,
  };
}
