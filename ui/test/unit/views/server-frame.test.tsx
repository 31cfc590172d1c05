// The frame of a view that a server brings along: what its tool answered goes in as it is, and what the view asks goes to its server.
import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { LanguageProvider } from "@/i18n";
import { ViewFrame } from "@/views/ViewFrame";

const ORIGIN = "http://abc.localhost:7070";
const ANSWER = { content: [{ type: "text", text: "drawn" }], structuredContent: { zoom: 1 }, _meta: { own: [1] } };

type Ask = (method: string, params: object) => Promise<object>;

function show(ask: Ask | undefined) {
  const page = () => (
    <LanguageProvider language="en">
      <ViewFrame
        app="map"
        origin={ORIGIN}
        html="<p>view</p>"
        answer={ANSWER}
        // Read anew each time that the page is drawn.
        input={{ west: 1 }}
        instead="the answer"
        {...(ask ? { ask } : {})}
      />
    </LanguageProvider>
  );
  const { rerender } = render(page());
  const again = () => rerender(page());
  const frame = screen.getByTitle<HTMLIFrameElement>("What map shows");
  const there = frame.contentWindow;
  if (there === null) throw new Error("the frame has no window");
  const sent: { method?: string; id?: number; params?: unknown; result?: unknown; error?: unknown }[] = [];
  vi.spyOn(there, "postMessage").mockImplementation((message: unknown) => {
    sent.push(message as (typeof sent)[number]);
  });
  const say = async (message: object) => {
    const data = { jsonrpc: "2.0", ...message };
    await act(async () => {
      fireEvent(window, new MessageEvent("message", { source: there, origin: ORIGIN, data }));
      await Promise.resolve();
    });
  };
  const begin = async () => {
    await say({ method: "ui/notifications/sandbox-proxy-ready", params: {} });
    await say({ id: 1, method: "ui/initialize", params: {} });
    await say({ method: "ui/notifications/initialized", params: {} });
  };
  return { sent, say, begin, again };
}

it("has what its tool was given and answered, to the letter", async () => {
  const { sent, begin, again } = show(() => Promise.resolve({}));
  await begin();
  again();
  expect(sent.find(({ id }) => id === 1)?.result).toMatchObject({
    hostCapabilities: { serverTools: {}, serverResources: {} },
    hostContext: { theme: "light", styles: { variables: {} } },
  });
  expect(sent.filter(({ method }) => method?.startsWith("ui/notifications/tool"))).toMatchObject([
    { method: "ui/notifications/tool-input", params: { arguments: { west: 1 } } },
    { method: "ui/notifications/tool-result", params: ANSWER },
  ]);
});

it("asks its server, and hears its answer or why there is none", async () => {
  const ask = vi.fn<Ask>((method, params) =>
    "name" in params && params.name === "again"
      ? Promise.resolve({ content: [], structuredContent: { method } })
      : Promise.reject(new Error("the owner said no")),
  );
  const { sent, say, begin } = show(ask);
  // Before it says that it draws, nothing is asked for it.
  await say({ method: "ui/notifications/sandbox-proxy-ready", params: {} });
  await say({ id: 2, method: "tools/call", params: { name: "again" } });
  expect(ask).not.toHaveBeenCalled();
  await begin();
  await say({ id: 3, method: "tools/call", params: { name: "again" } });
  await say({ id: 4, method: "resources/read", params: { uri: "ui://map/other" } });
  await say({ id: 5, method: "sampling/createMessage", params: {} });
  const answered = (wanted: number) => sent.find(({ id }) => id === wanted);
  expect(answered(3)?.result).toEqual({ content: [], structuredContent: { method: "tools/call" } });
  expect(answered(4)?.error).toEqual({ code: -32000, message: "the owner said no" });
  expect(answered(5)?.error).toEqual({ code: -32601, message: "method not found" });
});

it("asks for no more than a few things at once", async () => {
  const ask = vi.fn<Ask>(() => new Promise(() => {}));
  const { sent, say, begin } = show(ask);
  await begin();
  for (let id = 10; id < 20; id += 1) await say({ id, method: "tools/call", params: { name: "again" } });
  expect(ask).toHaveBeenCalledTimes(8);
  expect(sent.filter(({ error }) => error !== undefined)).toHaveLength(2);
});

it("of an app without a server asks nobody", async () => {
  const { sent, say, begin } = show(undefined);
  await begin();
  await say({ id: 3, method: "tools/call", params: { name: "again" } });
  expect(sent.find(({ id }) => id === 3)?.error).toEqual({ code: -32601, message: "method not found" });
});
