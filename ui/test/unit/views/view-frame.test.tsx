import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LanguageProvider } from "@/i18n";
import { ViewFrame } from "@/views/ViewFrame";

const ORIGIN = "http://abc.localhost:7070";

afterEach(() => vi.useRealTimers());

function show(html = "<p>view</p>", fills = false) {
  const page = (data: object, document = html) => (
    <LanguageProvider language="en">
      <ViewFrame
        app="weather"
        origin={ORIGIN}
        html={document}
        data={data}
        text="in words"
        fills={fills}
        {...(fills ? { instead: "again" } : {})}
      />
    </LanguageProvider>
  );
  const shown = render(page({ a: 1 }));
  const frame = screen.getByTitle<HTMLIFrameElement>("What weather shows");
  const sent: { method?: string; id?: number; params?: Record<string, unknown>; result?: unknown }[] = [];
  const there = frame.contentWindow;
  if (there === null) throw new Error("the frame has no window");
  vi.spyOn(there, "postMessage").mockImplementation((message: unknown, target: unknown) => {
    expect(target).toBe(ORIGIN);
    sent.push(message as (typeof sent)[number]);
  });
  const say = (message: object, origin = ORIGIN) =>
    act(
      () =>
        void fireEvent(
          window,
          new MessageEvent("message", { source: there, origin, data: { jsonrpc: "2.0", ...message } }),
        ),
    );
  const ready = () => {
    say({ method: "ui/notifications/sandbox-proxy-ready", params: {} });
    say({ method: "ui/notifications/initialized", params: {} });
  };
  return { shown, page, frame, sent, say, ready };
}

describe("a view in its frame", () => {
  it("lives on the app's origin, with what it draws handed over when it is ready", () => {
    const { frame, sent, say, ready, shown, page } = show();
    expect(frame.getAttribute("src")).toBe(`${ORIGIN}/frame`);
    expect(frame.getAttribute("sandbox")).toBe("allow-scripts allow-same-origin allow-forms");
    expect(frame.getAttribute("referrerpolicy")).toBe("origin");
    ready();
    expect(sent.map(({ method }) => method)).toEqual([
      "ui/notifications/sandbox-resource-ready",
      "ui/notifications/tool-input",
      "ui/notifications/tool-result",
    ]);
    say({ method: "ui/notifications/size-changed", params: { height: 321 } });
    expect(frame.height).toBe("321");
    shown.rerender(page({ a: 2 }));
    expect(sent.at(-1)?.params).toEqual({ content: [{ type: "text", text: "in words" }], structuredContent: { a: 2 } });
  });

  it("is another frame where the view is another", () => {
    const { frame, shown, page } = show();
    shown.rerender(page({ a: 1 }, "<p>other</p>"));
    expect(screen.getByTitle("What weather shows")).not.toBe(frame);
  });

  it("gives way to the text when it floods the page", () => {
    const { say, ready } = show();
    ready();
    for (let count = 0; count < 200; count += 1) say({ method: "x" });
    expect(screen.queryByTitle("What weather shows")).toBeNull();
    screen.getByText(/too many messages/);
    screen.getByText("in words");
  });

  it("gives way to the text when it never answers", () => {
    vi.useFakeTimers();
    show();
    act(() => void vi.advanceTimersByTime(20_000));
    screen.getByText(/did not answer/);
    screen.getByText("in words");
  });

  it("does not give way when it answered in time", () => {
    vi.useFakeTimers();
    const { ready } = show();
    ready();
    act(() => void vi.advanceTimersByTime(20_000));
    screen.getByTitle("What weather shows");
  });

  it("fills the screen where it is all of its app, hears of no run, and need not answer", async () => {
    vi.useFakeTimers();
    const { shown, frame, sent, say, ready } = show("<p>game</p>", true);
    expect(frame.getAttribute("height")).toBeNull();
    say({ method: "ui/notifications/sandbox-proxy-ready", params: {} });
    act(() => void vi.advanceTimersByTime(20_000));
    expect(screen.getByTitle("What weather shows")).toBe(frame);
    ready();
    say({ id: 1, method: "ui/initialize", params: {} });
    await act(async () => Promise.resolve());
    expect(sent.map(({ method }) => method)).toEqual(["ui/notifications/sandbox-resource-ready", undefined]);
    expect(sent.at(-1)?.result).toMatchObject({ hostContext: { displayMode: "fullscreen", locale: "en" } });
    say({ method: "ui/notifications/size-changed", params: { height: 321 } });
    expect(frame.getAttribute("height")).toBeNull();
    say({ method: "ui/notifications/request-teardown", params: {} });
    screen.getByText("again");
    expect(screen.queryByText("in words")).toBeNull();
    shown.unmount();
  });

  it("gives way where not even its frame comes, also as all of its app", () => {
    vi.useFakeTimers();
    show("<p>game</p>", true);
    act(() => void vi.advanceTimersByTime(20_000));
    screen.getByText(/did not answer/);
    screen.getByText("again");
  });

  it("knows of the theme as it changes", async () => {
    const { sent, ready } = show();
    ready();
    document.documentElement.dataset["theme"] = "dark";
    await vi.waitFor(() =>
      expect(sent.at(-1)).toMatchObject({ method: "ui/notifications/host-context-changed", params: { theme: "dark" } }),
    );
    delete document.documentElement.dataset["theme"];
  });

  it("opens a link when a person agrees, and answers the view", async () => {
    const open = vi.spyOn(window, "open").mockReturnValue(null);
    const { sent, say, ready } = show();
    ready();
    say({ id: 5, method: "ui/open-link", params: { url: "https://example.org/x" } });
    const dialog = await screen.findByRole("dialog", {}, { timeout: 10_000 });
    expect(open).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: "Open" }));
    expect(open).toHaveBeenCalledWith("https://example.org/x", "_blank", "noopener,noreferrer");
    await vi.waitFor(() => expect(sent.at(-1)).toMatchObject({ id: 5, result: {} }));
    open.mockRestore();
  });

  it("saves a file only when a person agrees", async () => {
    const { sent, say, ready } = show();
    ready();
    const resource = { uri: "file:///report.csv", mimeType: "text/csv", text: "a,b" };
    say({ id: 6, method: "ui/download-file", params: { contents: [{ type: "resource", resource }] } });
    const dialog = await screen.findByRole("dialog", {}, { timeout: 10_000 });
    within(dialog).getByText(/report.csv, 3 bytes, made by the app/);
    await userEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
    await vi.waitFor(() => expect(sent.at(-1)).toMatchObject({ id: 6, result: { isError: true } }));
  });
});
