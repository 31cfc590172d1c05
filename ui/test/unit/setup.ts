import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

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

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/");
});
afterEach(cleanup);
