// The service worker lets the page open without a connection (public/sw.js).
import { whenQuiet } from "./quiet";

const WORKER = "/sw.js";

interface Policy {
  createScriptURL(address: string): unknown;
}
interface Policies {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy;
}

/** Our one address for a script that is loaded by its address: the policy lets no other through. */
export function workerAddress(): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  if (!policies) return WORKER;
  const policy = policies.createPolicy("sw", {
    createScriptURL(address) {
      if (address !== WORKER) throw new TypeError(`no worker of this page: ${address}`);
      return address;
    },
  });
  return policy.createScriptURL(WORKER) as string;
}

/** The worker fetches all of the page: not while the browser is busy with the part that somebody waits for. */
const QUIET_MS_MAX = 10_000;

/** Registers the worker once the page has loaded and the browser has nothing to do. */
export function startWorker(): void {
  const workers = navigator.serviceWorker;
  // Only over TLS or at this machine do browsers have one.
  if (!workers) return;
  const register = () => {
    workers.register(workerAddress(), { scope: "/", updateViaCache: "none" }).catch(() => {
      // The page does all it does without; the diagnostics say that there is none.
    });
  };
  if (document.readyState === "complete") whenQuiet(register, QUIET_MS_MAX);
  else addEventListener("load", () => whenQuiet(register, QUIET_MS_MAX), { once: true });
}
