// The view's side of MCP Apps (2026-01-26): JSON-RPC over postMessage, no more than a view that only draws needs.

export interface HostContext {
  theme?: string;
  locale?: string;
  timeZone?: string;
}

export interface ToolResult {
  structuredContent?: unknown;
  content?: unknown;
}

export interface ViewHandlers {
  context(context: HostContext): void;
  input?(input: unknown): void;
  result(result: ToolResult): void;
  cancelled?(): void;
}

export interface ViewClient {
  /** Asks the host to open an address; it will ask a person. */
  openLink(url: string): Promise<boolean>;
  sizeSay(size: { width: number; height: number }): void;
}

const ANSWER_MS = 120_000;

export async function viewConnect(name: string, handlers: ViewHandlers, self: Window = window): Promise<ViewClient> {
  const host = self.parent;
  const waiting = new Map<number, (answer: unknown) => void>();
  let lastId = 0;
  // A view has no origin to name and does not know its host's; it sends nothing that others may not hear.
  const send = (message: object) => host.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const ask = (method: string, params: object): Promise<unknown> =>
    new Promise((resolve) => {
      lastId += 1;
      const id = lastId;
      waiting.set(id, resolve);
      setTimeout(() => waiting.delete(id) && resolve(undefined), ANSWER_MS);
      send({ id, method, params });
    });

  const heard: Readonly<Record<string, (params: object) => void>> = {
    "ui/notifications/tool-input": (params) => handlers.input?.("arguments" in params ? params.arguments : undefined),
    "ui/notifications/tool-result": (params) => handlers.result(params),
    "ui/notifications/tool-cancelled": () => handlers.cancelled?.(),
    "ui/notifications/host-context-changed": (params) => handlers.context(params),
  };
  self.addEventListener("message", ({ source, data }) => {
    if (source !== host || typeof data !== "object" || data === null || data.jsonrpc !== "2.0") return;
    if (data.method === undefined) {
      const resolve = waiting.get(data.id);
      waiting.delete(data.id);
      resolve?.(data.error === undefined ? data.result : undefined);
      return;
    }
    if (data.id !== undefined) {
      const is_known = data.method === "ping" || data.method === "ui/resource-teardown";
      send({ id: data.id, ...(is_known ? { result: {} } : { error: { code: -32601, message: "method not found" } }) });
      return;
    }
    if (typeof data.method === "string" && Object.hasOwn(heard, data.method)) heard[data.method]?.(data.params ?? {});
  });

  const started = await ask("ui/initialize", {
    appInfo: { name: `oikos-${name}`, version: "1.0.0" },
    appCapabilities: { availableDisplayModes: ["inline"] },
    protocolVersion: "2026-01-26",
  });
  if (typeof started === "object" && started !== null && "hostContext" in started) {
    handlers.context((started.hostContext ?? {}) as HostContext);
  }
  send({ method: "ui/notifications/initialized", params: {} });
  return {
    async openLink(url) {
      const answer = await ask("ui/open-link", { url });
      return typeof answer === "object" && answer !== null && !("isError" in answer && answer.isError === true);
    },
    sizeSay: (size) => send({ method: "ui/notifications/size-changed", params: size }),
  };
}
