import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { loadDialogs } from "@/components/Dialog";

// What a browser has and jsdom has not.
class Sizes {
  observe(_target: Element): void {}
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", Sizes);
// Nothing is laid out, so everything is in view.
class Views extends Sizes {
  constructor(private readonly tell: IntersectionObserverCallback) {
    super();
  }
  override observe(target: Element): void {
    const seen = [{ target, isIntersecting: true }] as unknown as IntersectionObserverEntry[];
    queueMicrotask(() => this.tell(seen, this as unknown as IntersectionObserver));
  }
}
vi.stubGlobal("IntersectionObserver", Views);
window.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener() {},
  removeEventListener() {},
  dispatchEvent: () => false,
})) as unknown as typeof window.matchMedia;

// What is drawn in small pieces takes its time where much else is done.
configure({ asyncUtilTimeout: 5_000 });

// In a browser they have come before anybody opens one.
await loadDialogs();

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/");
});
afterEach(cleanup);
