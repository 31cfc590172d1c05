// A real oikos in a folder of its own, and a real browser in front of it. Nothing here stands in for anything.
//
// OIKOS names the binary, CHROMIUM the browser. PAGE=1 takes the page from dist in place of the one in the binary: the
// same policy and the same API, without building the binary anew for each change of the page.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { preview, type PreviewServer } from "vite";

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, "../../..");
const DEADLINE_MS = 20_000;

function wanted(name: string, ...places: string[]): string {
  const found = [process.env[name], ...places].find((place) => place && existsSync(place));
  if (!found) throw new Error(`${name} names no file. cargo xtask test sets it; by hand: ${name}=… npm run e2e`);
  return resolve(found);
}

/** One oikos, as a person has one. */
export class House {
  #daemon: ChildProcess | null = null;
  #page: PreviewServer | null = null;
  #port = 0;
  #said = "";

  private constructor(
    readonly folder: string,
    readonly binary: string,
  ) {}

  static async open(): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), "oikos-e2e-"));
    const house = new House(folder, wanted("OIKOS", join(ROOT, "target/debug/oikos")));
    await mkdir(house.path("files"), { recursive: true });
    await house.start();
    return house;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A package of this repository, by its folder. */
  package(folder: string): string {
    return join(ROOT, folder);
  }

  async file(name: string, text: string): Promise<string> {
    const path = this.path("files", name);
    await mkdir(resolve(path, ".."), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  get environment(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"], HOME: this.path("home"), OIKOS_HOME: this.path("oikos"), LANG: "C.UTF-8" };
  }

  /** Says something on the command line, in the owner's terminal. */
  async say(...words: string[]): Promise<string> {
    const { stdout } = await run(this.binary, words, { env: this.environment, cwd: this.path("files") });
    return stdout;
  }

  async start(): Promise<void> {
    await mkdir(this.path("home"), { recursive: true });
    // The same port after a restart: that is where the open page looks.
    this.#port ||= await freePort();
    const daemon = spawn(this.binary, ["up", "--port", String(this.#port)], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#daemon = daemon;
    await new Promise<void>((up, down) => {
      const timer = setTimeout(() => down(new Error(`oikos did not come up: ${this.#said}`)), DEADLINE_MS);
      const hear = (piece: Buffer) => {
        this.#said += piece.toString();
        if (!this.#said.includes("http://127.0.0.1:")) return;
        clearTimeout(timer);
        up();
      };
      daemon.stdout?.on("data", hear);
      daemon.stderr?.on("data", hear);
      daemon.once("exit", (code) => down(new Error(`oikos ended with ${code}: ${this.#said}`)));
    });
    this.#said = "";
    if (process.env["PAGE"] && !this.#page) {
      process.env["OIKOS_URL"] = `http://127.0.0.1:${this.#port}`;
      const at = { host: "127.0.0.1", port: await freePort(), strictPort: true };
      this.#page = await preview({
        root: join(ROOT, "ui"),
        configFile: join(ROOT, "ui/vite.config.ts"),
        preview: at,
        logLevel: "error",
      });
    }
  }

  /** Where the page is. */
  get origin(): string {
    return this.#page?.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? `http://127.0.0.1:${this.#port}`;
  }

  /** Ends oikos as the power does. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null) return;
    const gone = once(daemon, "exit");
    daemon.kill("SIGKILL");
    await gone;
  }

  /** The address that signs a browser in. */
  async link(): Promise<string> {
    const { url } = JSON.parse(await this.say("login", "link", "--json")) as { url: string };
    return url.replace(/^http:\/\/[^/]+/, this.origin);
  }

  async close(): Promise<void> {
    await this.kill();
    await new Promise<void>((done) => (this.#page ? this.#page.httpServer.close(() => done()) : done()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const launch = (...words: string[]) => ({
  executablePath: wanted("CHROMIUM", "/usr/bin/chromium", "/usr/bin/chromium-browser"),
  // Without a sandbox where everything is root's, as in CI. The pages are our own.
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", ...words],
});

export const openBrowser = (...words: string[]): Promise<Browser> => chromium.launch(launch(...words));

/** A browser with a profile, as a person has one: others open no connection and look up no name before they are needed. */
export const openProfile = (folder: string, ...words: string[]): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { locale: "en-GB", reducedMotion: "reduce", ...launch(...words) });

/** A window in which nothing may go wrong unseen. */
export interface Window {
  page: Page;
  context: BrowserContext;
  /** Errors, lines of the console and violations of the policy since the last look. */
  faults(): string[];
}

/** What a browser says of itself while oikos is away is no fault of the page. */
const AWAY =
  /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|WebSocket connection to|status of 50[0-9]/;

export async function openWindow(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] & { mayBeAway?: boolean } = {},
): Promise<Window> {
  const { mayBeAway = false, ...rest } = options;
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...rest });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const faults = watch(page, mayBeAway);
  return { page, context, faults };
}

/** What the browser says of every frame of ours: it does not know `webrtc`, and does not see that the frame is of another site. */
const NOTED = [/Unrecognized Content-Security-Policy directive 'webrtc'/, /both allow-scripts and allow-same-origin/];
export const unnoted = (faults: string[]): string[] =>
  faults.filter((fault) => !NOTED.some((noted) => noted.test(fault)));

/** Listens to everything that a page can complain about. */
export function watch(page: Page, mayBeAway = false): () => string[] {
  const heard: string[] = [];
  const fault = (text: string) => {
    if (!(mayBeAway && AWAY.test(text))) heard.push(text);
  };
  page.on("pageerror", (error) => fault(`thrown: ${error.message}`));
  page.on("console", (message) => fault(`console ${message.type()}: ${message.text()}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED")
      fault(`request failed: ${request.method()} ${new URL(request.url()).pathname} ${why}`);
  });
  return () => heard.splice(0);
}

/** A window that is signed in. */
export async function signIn(
  house: House,
  browser: Browser,
  options: Parameters<typeof openWindow>[1] = {},
): Promise<Window> {
  const window = await openWindow(browser, options);
  await window.page.goto(await house.link());
  await window.page.getByRole("navigation").first().waitFor();
  return window;
}
