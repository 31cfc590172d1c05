// Runs in a view's frame before any script of the view, and takes away what the frame's policy cannot: WebRTC, which
// sends past `connect-src`, and every way to a child frame that would bring it back.

const TOO_LATE: readonly string[] = [
  "RTCPeerConnection",
  "webkitRTCPeerConnection",
  "mozRTCPeerConnection",
  "RTCIceTransport",
  "RTCDtlsTransport",
  "RTCSctpTransport",
  "RTCCertificate",
  // Builds elements out of names that no look at the markup can see.
  "XSLTProcessor",
];

export function preludeRun(scope: Window & typeof globalThis): void {
  for (const name of TOO_LATE) Reflect.deleteProperty(scope, name);

  // XML has entities and prefixes that write a tag in other words; HTML has not.
  const parse = scope.DOMParser.prototype.parseFromString;
  scope.DOMParser.prototype.parseFromString = function parseFromString(this: DOMParser, text, type) {
    if (type !== "text/html") throw new TypeError("only text/html is parsed in this frame");
    return parse.call(this, text, type);
  };
  // These take HTML past Trusted Types because they clean it; whether frames go is up to who calls them.
  for (const owner of [scope.Element, scope.ShadowRoot]) Reflect.deleteProperty(owner.prototype, "setHTML");
  Reflect.deleteProperty(scope.Document, "parseHTML");

  const types = (scope as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (types === undefined) throw new Error("this browser has no Trusted Types");
  types.createPolicy("default", {
    // `document.write` may bring a tag in pieces, and `srcdoc` is a document with a window of its own.
    createHTML: (text, _type, sink) => (isWholeMarkup(sink) && !FRAME_TAG.test(text) ? text : null),
    // Strings that become code: `eval`, `javascript:` addresses, handlers in attributes.
    createScript: () => null,
    // Workers made of a view's own source. They have no WebRTC.
    createScriptURL: (url) => (url.startsWith("blob:") ? url : null),
  });
}

/** Opens a tag that loads another document. A tag must stand in the text letter by letter, however it is nested. */
export const FRAME_TAG = /<(?:[^\s<>/:]+:)?(?:i?frame|frameset|fencedframe|portal|object|embed)(?![\w-])/i;

function isWholeMarkup(sink: string): boolean {
  return !/write|srcdoc/i.test(sink);
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: Record<
      "createHTML" | "createScript" | "createScriptURL",
      (text: string, type: string, sink: string) => string | null
    >,
  ): unknown;
}
