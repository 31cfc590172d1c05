// The outer frame of a view ("sandbox proxy" in MCP Apps): one origin for each app. It puts the view into a frame with
// no origin at all, and hands JSON-RPC messages on in both directions. It understands none of them.

import { FRAME_TAG } from "./prelude";

const SANDBOX = "ui/notifications/sandbox-";

export interface FrameParts {
  /** This window. */
  self: Window;
  /** The page that holds this frame. Only `oikos` may be: the response's `frame-ancestors` sees to that. */
  host: Window;
  hostOrigin: string;
  prelude: string;
  /** Makes a document's text what `srcdoc` takes under Trusted Types. */
  trust(html: string): string;
}

export function frameRun({ self, host, hostOrigin, prelude, trust }: FrameParts): void {
  let inner: HTMLIFrameElement | undefined;
  const toHost = (message: object) => host.postMessage(message, hostOrigin);

  const draw = (params: unknown) => {
    const html = typeof params === "object" && params !== null && "html" in params ? params.html : undefined;
    // A view is never exchanged for another: the page would go on to think that it talks to the first.
    if (inner !== undefined || typeof html !== "string") return;
    if (FRAME_TAG.test(html)) {
      return toHost({ jsonrpc: "2.0", method: `${SANDBOX}refused`, params: { reason: "child_frame" } });
    }
    inner = self.document.createElement("iframe");
    inner.title = "view";
    inner.setAttribute("sandbox", "allow-scripts allow-forms");
    inner.setAttribute("referrerpolicy", "no-referrer");
    inner.srcdoc = trust(
      `<!doctype html><meta charset="utf-8"><meta http-equiv="x-dns-prefetch-control" content="off"><script>${prelude}</script>${html}`,
    );
    self.document.body.append(inner);
  };

  self.addEventListener("message", ({ source, origin, data }) => {
    const method = methodOf(data);
    if (method === undefined) return;
    if (source === host && origin === hostOrigin) {
      if (method === `${SANDBOX}resource-ready`) draw(data.params);
      else if (!method.startsWith(SANDBOX)) inner?.contentWindow?.postMessage(data, "*");
    } else if (inner !== undefined && source === inner.contentWindow && origin === "null") {
      if (!method.startsWith(SANDBOX)) toHost(data);
    }
  });
  toHost({ jsonrpc: "2.0", method: `${SANDBOX}proxy-ready`, params: {} });
}

/** The method of a JSON-RPC message, empty for an answer; nothing for what is no such message. */
function methodOf(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || !("jsonrpc" in data) || data.jsonrpc !== "2.0") return undefined;
  if (!("method" in data) || data.method === undefined) return "";
  return typeof data.method === "string" ? data.method : undefined;
}
