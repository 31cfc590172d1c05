// What stands far from the view is not drawn, and what is left behind is taken away again, but for what somebody uses.
import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";

const FAR_PX = 321;
let look: (isIntersecting: boolean) => void = () => {};

beforeEach(() => {
  vi.resetModules();
  class PaperView {
    constructor(private readonly tell: (entries: object[]) => void) {}
    observe(target: Element): void {
      look = (isIntersecting) =>
        act(() => this.tell([{ target, isIntersecting, boundingClientRect: { height: FAR_PX } }]));
    }
    unobserve(): void {}
    disconnect(): void {}
  }
  vi.stubGlobal("IntersectionObserver", PaperView);
});

async function draw() {
  const { useWhileNear } = await import("@/components/near");
  function Block() {
    const { isNear, heightPx, ref } = useWhileNear(false);
    return (
      <div ref={ref} data-testid="block" style={isNear ? undefined : { height: heightPx ?? 100 }}>
        {isNear && <button type="button">within</button>}
      </div>
    );
  }
  render(<Block />);
  return screen.getByTestId("block");
}
const within = () => screen.queryByRole("button");

it("is drawn while it is near, and as high as it was when it is not", async () => {
  const block = await draw();
  expect(block.style.height).toBe("100px");
  look(true);
  expect(within()).toBeTruthy();
  expect(block.style.height).toBe("");
  look(false);
  expect(within()).toBeNull();
  expect(block.style.height).toBe(`${FAR_PX}px`);
  look(true);
  expect(within()).toBeTruthy();
});

it("stays while somebody has the focus in it", async () => {
  await draw();
  look(true);
  within()?.focus();
  look(false);
  expect(document.activeElement).toBe(within());
  act(() => within()?.blur());
  look(false);
  expect(within()).toBeNull();
});

it("stays while some of its text is marked", async () => {
  const block = await draw();
  look(true);
  getSelection()?.selectAllChildren(block);
  look(false);
  expect(within()).toBeTruthy();
  getSelection()?.removeAllRanges();
  look(false);
  expect(within()).toBeNull();
});
