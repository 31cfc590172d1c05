import { frameRun } from "./frame";

declare const PRELUDE: string;

interface WithTrustedTypes {
  trustedTypes?: {
    createPolicy(name: string, rules: { createHTML(html: string): string }): { createHTML(html: string): string };
  };
}

// Alone in a tab, in a browser without Trusted Types, or in a page that does not say who it is, there is no view: the
// page waits in vain and shows the text instead.
const policy = (window as WithTrustedTypes).trustedTypes?.createPolicy("default", { createHTML: (html) => html });
if (window.parent !== window && policy !== undefined && URL.canParse(document.referrer)) {
  frameRun({
    self: window,
    host: window.parent,
    hostOrigin: new URL(document.referrer).origin,
    prelude: PRELUDE,
    trust: (html) => policy.createHTML(html),
  });
}
