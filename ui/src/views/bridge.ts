// The page's side of MCP Apps (2026-01-26) for one view in a frame. Everything that comes from the view is foreign: what
// is not in the list below is dropped, and what the view may ask for beyond its picture waits for a person.
import { addressOf } from "../../../renderers/shared/address";
import { isSmall } from "./message-size";

export const PROTOCOL_VERSION = "2026-01-26";

// A view that draws says something when it starts and when its size changes. This is far above that, and still far below
// what makes the page slow.
const BURST_MESSAGES = 100;
const MESSAGES_PER_SECOND = 20;
const HEIGHT_PX_MIN = 48;
const HEIGHT_PX_MAX = 2_000;
const QUEUE_MAX = 100;
// Somebody who has said no three times is not asked a fourth time by the same view.
const REFUSALS_MAX = 3;
const FILE_CHARACTERS_MAX = 4 << 20;
const NAME_CHARACTERS_MAX = 200;
// What a view asks of its server at once; more is refused, and asked for again when some of it is answered.
const ASKS_MAX = 8;

export type StopReason = "flood" | "oversize" | "refused" | "closed";

export interface ViewContext {
  theme: "light" | "dark";
  locale: string;
  timeZone?: string;
  styles?: { variables: Readonly<Record<string, string>> };
}

export interface SavedFile {
  name: string;
  type: string;
  text: string;
}

export interface BridgeParts {
  /** The window that hears the messages: ours. */
  self: Pick<Window, "addEventListener" | "removeEventListener">;
  /** The outer frame's window, once there is one. */
  frame(): Pick<Window, "postMessage"> | null;
  /** The one origin that the outer frame has. */
  origin: string;
  html: string;
  context: ViewContext;
  now(): number;
  /** The view fills the screen, and is not a piece of what a run made. */
  isFilling?: boolean;
  /** The frame has the document. */
  onGiven?(): void;
  onReady?(): void;
  onHeight(heightPx: number): void;
  /** The view is no longer listened to. */
  onStop(reason: StopReason): void;
  /** Asks a person. Resolves to whether they agreed. */
  openLink(url: string): Promise<boolean>;
  saveFile(file: SavedFile): Promise<boolean>;
  /** Asks the server whose view it is; views of apps have none. What it answers is its own, and so is its refusal. */
  ask?(method: string, params: object): Promise<object>;
}

interface Message {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

type Params = Readonly<Record<string, unknown>>;

export class ViewBridge {
  readonly #parts: BridgeParts;
  readonly #hear = (event: MessageEvent): void => this.#receive(event);
  /** What waits until the view can hear it. */
  #queue: object[] = [];
  #state: "loading" | "drawing" | "ready" | "stopped" = "loading";
  #context: ViewContext;
  #tokens = BURST_MESSAGES;
  #filledAt: number;
  #is_asking = false;
  #refusals = 0;
  #asks = 0;

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#filledAt = parts.now();
    // Before the frame gets its address: its first message must not be missed.
    parts.self.addEventListener("message", this.#hear);
  }

  /** What the view draws. Before the view is ready, it waits. */
  resultSend(input: unknown, result: { structuredContent: unknown; text: string }): void {
    this.answerSend(input, {
      content: [{ type: "text", text: result.text }],
      structuredContent: result.structuredContent,
    });
  }

  /** The same for what a server's tool answered: it goes to the server's own view as it is. */
  answerSend(input: unknown, answer: object): void {
    this.#notify("ui/notifications/tool-input", { arguments: input ?? {} });
    this.#notify("ui/notifications/tool-result", answer);
  }

  contextChange(context: ViewContext): void {
    this.#context = context;
    // A view that has not asked yet gets it with the answer.
    if (this.#state === "ready") this.#notify("ui/notifications/host-context-changed", context);
  }

  close(): void {
    if (this.#state === "stopped") return;
    if (this.#state === "ready") this.#post({ id: 0, method: "ui/resource-teardown", params: {} });
    this.#silence();
  }

  get #displayMode(): "inline" | "fullscreen" {
    return this.#parts.isFilling ? "fullscreen" : "inline";
  }

  #silence(): void {
    this.#state = "stopped";
    this.#queue = [];
    this.#parts.self.removeEventListener("message", this.#hear);
  }

  #stop(reason: StopReason): void {
    this.#silence();
    this.#parts.onStop(reason);
  }

  #post(message: object): void {
    this.#parts.frame()?.postMessage({ jsonrpc: "2.0", ...message }, this.#parts.origin);
  }

  #notify(method: string, params: object): void {
    if (this.#state === "stopped") return;
    if (this.#state === "ready") this.#post({ method, params });
    else if (this.#queue.length < QUEUE_MAX) this.#queue.push({ method, params });
  }

  #receive({ source, origin, data }: MessageEvent): void {
    const frame = this.#parts.frame();
    if (frame === null || source !== (frame as unknown) || origin !== this.#parts.origin) return;
    if (!this.#isWithinRate()) return this.#stop("flood");
    if (!isSmall(data)) return this.#stop("oversize");
    if (typeof data !== "object" || data === null || (data as { jsonrpc?: unknown }).jsonrpc !== "2.0") return;
    const { id, method, params } = data as Message;
    // Answers are to nothing: the page asks a view for nothing but to end.
    if (typeof method !== "string") return;
    const given: Params = typeof params === "object" && params !== null ? (params as Params) : {};
    if (id === undefined) this.#hearNotification(method, given);
    else if (typeof id === "number" || typeof id === "string") void this.#answer(id, method, given);
  }

  #isWithinRate(): boolean {
    const now = this.#parts.now();
    const filled = ((now - this.#filledAt) / 1_000) * MESSAGES_PER_SECOND;
    this.#tokens = Math.min(BURST_MESSAGES, this.#tokens + Math.max(0, filled));
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #hearNotification(method: string, params: Params): void {
    switch (method) {
      // These two are the outer frame's own; it hands no `sandbox-*` of the view on.
      case "ui/notifications/sandbox-proxy-ready":
        if (this.#state !== "loading") return;
        this.#state = "drawing";
        this.#post({ method: "ui/notifications/sandbox-resource-ready", params: { html: this.#parts.html } });
        this.#parts.onGiven?.();
        return;
      case "ui/notifications/sandbox-refused":
        if (this.#state === "drawing") this.#stop("refused");
        return;
      case "ui/notifications/initialized":
        if (this.#state !== "drawing") return;
        this.#state = "ready";
        for (const message of this.#queue.splice(0)) this.#post(message);
        this.#parts.onReady?.();
        return;
      case "ui/notifications/size-changed": {
        const { height } = params;
        if (typeof height !== "number" || !Number.isFinite(height)) return;
        this.#parts.onHeight(Math.min(HEIGHT_PX_MAX, Math.max(HEIGHT_PX_MIN, Math.ceil(height))));
        return;
      }
      case "ui/notifications/request-teardown":
        this.close();
        this.#parts.onStop("closed");
        return;
      default:
      // `notifications/message` too: what a view logs is nobody's business here.
    }
  }

  async #answer(id: number | string, method: string, params: Params): Promise<void> {
    let answer: object;
    try {
      const result = await this.#resultOf(method, params);
      answer = result === undefined ? { error: { code: -32601, message: "method not found" } } : { result };
    } catch (error) {
      answer = { error: { code: -32000, message: error instanceof Error ? error.message : String(error) } };
    }
    if (this.#state !== "stopped") this.#post({ id, ...answer });
  }

  #resultOf(method: string, params: Params): Promise<object> | object | undefined {
    switch (method) {
      case "ui/initialize":
        return {
          protocolVersion: PROTOCOL_VERSION,
          hostInfo: { name: "oikos", version: "1" },
          hostCapabilities: {
            openLinks: {},
            downloadFile: {},
            ...(this.#parts.ask ? { serverTools: {}, serverResources: {} } : {}),
          },
          hostContext: {
            ...this.#context,
            displayMode: this.#displayMode,
            availableDisplayModes: [this.#displayMode],
            ...(this.#parts.isFilling ? {} : { containerDimensions: { maxHeight: HEIGHT_PX_MAX } }),
            platform: "web",
          },
        };
      case "ping":
        return {};
      case "ui/request-display-mode":
        return { mode: this.#displayMode };
      case "ui/open-link":
        return this.#asked(linkOf(params), (url) => this.#parts.openLink(url));
      case "ui/download-file":
        return this.#asked(fileOf(params), (file) => this.#parts.saveFile(file));
      case "tools/call":
      case "resources/read":
        return this.#asksServer(method, params);
      default:
        return undefined;
    }
  }

  async #asksServer(method: string, params: Params): Promise<object | undefined> {
    const { ask } = this.#parts;
    if (ask === undefined || this.#state !== "ready") return undefined;
    if (this.#asks >= ASKS_MAX) throw new Error("too much is asked at once");
    this.#asks += 1;
    try {
      return await ask(method, params);
    } finally {
      this.#asks -= 1;
    }
  }

  /** One question at a time, and none to somebody who keeps saying no. */
  async #asked<Wish>(wish: Wish | undefined, ask: (wish: Wish) => Promise<boolean>): Promise<object> {
    const no = { isError: true };
    if (wish === undefined || this.#is_asking || this.#refusals >= REFUSALS_MAX || this.#state !== "ready") return no;
    this.#is_asking = true;
    try {
      if (await ask(wish)) return {};
      this.#refusals += 1;
      return no;
    } catch {
      return no;
    } finally {
      this.#is_asking = false;
    }
  }
}

function linkOf({ url }: Params): string | undefined {
  return typeof url === "string" ? addressOf(url)?.href : undefined;
}

/** One file with its content inside. What would have to be fetched from an address is not saved. */
function fileOf({ contents }: Params): SavedFile | undefined {
  if (!Array.isArray(contents) || contents.length !== 1) return undefined;
  const resource = (contents[0] as { resource?: Params } | null)?.resource;
  if (typeof resource !== "object" || resource === null) return undefined;
  const { uri, mimeType, text } = resource;
  if (typeof text !== "string" || text.length > FILE_CHARACTERS_MAX) return undefined;
  const last = typeof uri === "string" ? (uri.split(/[/\\]/).at(-1) ?? "") : "";
  return {
    name: fileName(last),
    // A browser that is told `text/html` may open what it was told to save.
    type: mimeType === "text/csv" || mimeType === "application/json" ? mimeType : "text/plain",
    text,
  };
}

/** A name of plain characters that is no hidden file. */
function fileName(text: string): string {
  const plain = text
    .slice(0, NAME_CHARACTERS_MAX)
    .replace(/[^\p{L}\p{N} ._-]/gu, "_")
    .replace(/^[. ]+/, "");
  return plain === "" ? "file.txt" : plain;
}
