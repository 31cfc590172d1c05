import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import StartPage from "@/pages/runs/StartPage";
import { rememberedRun, rememberRun } from "@/pages/runs/remembered";
import { paperOikos, Refuse, renderScreen } from "../../kit";
import { detail, RUN } from "./runs";

beforeEach(() => sessionStorage.clear());

const AT = "/apps/csv-insights/run/analyze";
const FILE = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2e";
const at = (address = AT, language: "en" | "de" = "en") =>
  renderScreen(StartPage, { path: "/apps/:app/run/:action", at: address, language });

/** A run that begins, and a stream that nobody reads to its end. */
const began = () =>
  new Response(`event: run\ndata: ${JSON.stringify({ frame: "run", run: RUN })}\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });

const simple = (input: unknown, ui?: unknown) =>
  detail({ actions: [{ name: "analyze", title: "Analyze", input, ...(ui ? { ui } : {}) }] });
const ROWS = { type: "object", properties: { rows: { type: "integer", default: 10 } } };

it("starts an action with what was filled in, and goes to its run", async () => {
  const asked = paperOikos({ app_info: { app: simple(ROWS, { submit: "Analyze it" }) }, run_start: began });
  const { history } = at();
  const rows = await screen
    .findByRole("textbox", { name: /Rows/ })
    .catch(() => screen.findByRole("spinbutton", { name: /Rows/ }));
  await userEvent.clear(rows);
  await userEvent.type(rows, "25");
  await userEvent.click(screen.getByRole("button", { name: "Analyze it" }));
  await waitFor(() => expect(history.at(-1)).toBe(`/runs/${RUN}`));
  const body = asked.find(({ operation }) => operation === "run_start")?.body;
  expect(body).toMatchObject({ app: "csv-insights", action: "analyze", input: { rows: 25 }, files: [] });
  expect(rememberedRun(RUN)?.input).toEqual({ rows: 25 });
});

it("says before the start what the run could reach, folded", async () => {
  paperOikos({ app_info: { app: detail() } });
  at();
  const summary = await screen.findByText("What it could reach");
  expect(summary.closest("details")?.open).toBe(false);
  await userEvent.click(summary);
  expect(screen.getByText("talk to example.com")).toBeTruthy();
  expect(screen.getByText("It asks before it may")).toBeTruthy();
});

it("marks the field that oikos found wrong", async () => {
  const wrong = "input/rows: expected at most 5, found 25\ninput: unknown key 'x'";
  paperOikos({ app_info: { app: simple(ROWS) }, run_start: new Refuse(400, "invalid_input", wrong) });
  at();
  await userEvent.click(await screen.findByRole("button", { name: "Run" }));
  const message = await screen.findAllByText(/expected at most 5, found 25/);
  expect(message.length).toBeGreaterThan(0);
  const field = screen.queryByRole("textbox", { name: /Rows/ }) ?? screen.getByRole("spinbutton", { name: /Rows/ });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getAllByText(/unknown key 'x'/).length).toBeGreaterThan(0);
});

it("takes the input as JSON, and remembers it in this window", async () => {
  const asked = paperOikos({ app_info: { app: simple(ROWS) }, run_start: new Refuse(503, "host_busy", "no room") });
  const { history, unmount } = at();
  await userEvent.click(await screen.findByRole("radio", { name: "JSON" }));
  expect(history.at(-1)).toBe(`${AT}?as=json`);
  const whole = screen.getByRole("textbox", { name: "The whole input" });
  await userEvent.clear(whole);
  await userEvent.type(whole, '{{"rows": ');
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText(/This is not JSON/)).toBeTruthy();
  expect(asked.some(({ operation }) => operation === "run_start")).toBe(false);
  await userEvent.type(whole, "7}");
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(await screen.findByText("no room")).toBeTruthy();
  expect(asked.find(({ operation }) => operation === "run_start")?.body).toMatchObject({ input: { rows: 7 } });
  unmount();
  at(`${AT}?as=json`);
  expect((await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "The whole input" })).value).toContain("7");
  await userEvent.click(screen.getByRole("button", { name: "Empty the form" }));
});

it("asks again for the same run where the network broke", async () => {
  let tries = 0;
  const asked = paperOikos({
    app_info: { app: simple(ROWS) },
    run_start: () => {
      tries += 1;
      if (tries === 1) throw new TypeError("network");
      return began();
    },
  });
  const { history } = at();
  await userEvent.click(await screen.findByRole("button", { name: "Run" }));
  expect(await screen.findByText(/oikos does not answer/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(history.at(-1)).toBe(`/runs/${RUN}`));
  const ids = asked
    .filter(({ operation }) => operation === "run_start")
    .map(({ body }) => (body as { request_id: string }).request_id);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

it("hands a file of this device over in two pieces, of which one came twice", async () => {
  paperOikos({ app_info: { app: detail() } });
  const oikos = fetch;
  const SIZE = (1 << 20) + 5;
  const asked: { path: string; body: unknown }[] = [];
  let received = 0;
  let failures = 1;
  const view = () => ({
    id: FILE,
    name: "sales.csv",
    size_bytes: SIZE,
    received_bytes: received,
    handed_at: 0,
    expires_at: 1,
  });
  vi.stubGlobal("fetch", async (input: string | Request, init?: RequestInit) => {
    const path = input instanceof Request ? new URL(input.url).pathname : input;
    if (path.startsWith("/api/v1/files") || path === "/api/v1/runs") asked.push({ path, body: init?.body });
    if (path === "/api/v1/files")
      return Response.json(init?.method === "POST" ? { file: view() } : { files: [view()] });
    if (path.includes("/pieces")) {
      const [begin, piece] = [Number(path.split("at=")[1]), init?.body as Blob];
      expect(init?.headers).toMatchObject({ "content-type": "application/octet-stream" });
      if (begin === received) received += piece.size;
      // It came, and its answer was lost on the way.
      if (begin > 0 && failures-- > 0) throw new TypeError("network");
      return Response.json({ file: view() });
    }
    if (path === "/api/v1/runs") return began();
    return oikos(input, init);
  });
  const { history } = at();
  const chooser = await screen.findByLabelText(/^Data/, { selector: "input[type=file]" });
  await userEvent.upload(chooser, new File([new Uint8Array(SIZE)], "sales.csv"));
  expect(screen.getByText("sales.csv (1.0 MiB)")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(history.at(-1)).toBe(`/runs/${RUN}`), { timeout: 5_000 });
  const pieces = asked.filter(({ path }) => path.includes("/pieces"));
  expect(pieces.map(({ path }) => path.split("at=")[1])).toEqual(["0", "1048576", "1048576"]);
  expect(pieces.map(({ body }) => (body as Blob).size)).toEqual([1 << 20, 5, 5]);
  expect(JSON.parse(asked[0]?.body as string)).toEqual({ name: "sales.csv", size_bytes: SIZE });
  const started = JSON.parse(asked.at(-1)?.body as string) as { files: unknown; input: unknown };
  expect(started.files).toEqual([{ name: "data", handed: FILE }]);
  expect(started.input).toEqual({ rows: 10 });
});

it("takes a path where oikos runs, and says when it is not whole", async () => {
  const asked = paperOikos({ app_info: { app: detail() }, run_start: began });
  at();
  await userEvent.click((await screen.findAllByRole("radio", { name: "Where oikos runs" }))[0] as HTMLElement);
  const path = screen.getByLabelText(/^Data/, { selector: "input[type=text]" });
  await userEvent.type(path, "sales.csv");
  expect(screen.getByText(/A whole path begins with/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  expect(asked.some(({ operation }) => operation === "run_start")).toBe(false);
  await userEvent.clear(path);
  await userEvent.type(path, "/home/me/sales.csv");
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() =>
    expect(asked.find(({ operation }) => operation === "run_start")?.body).toMatchObject({
      files: [{ name: "data", path: "/home/me/sales.csv" }],
      input: { rows: 10 },
    }),
  );
});

it("has a new file made for what the run writes, and gives the same again to a second run", async () => {
  const made = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2f";
  paperOikos({ app_info: { app: detail() } });
  const oikos = fetch;
  const asked: { path: string; body: string }[] = [];
  vi.stubGlobal("fetch", async (input: string | Request, init?: RequestInit) => {
    if (typeof input !== "string") return oikos(input, init);
    asked.push({ path: input, body: String(init?.body) });
    if (input === "/api/v1/runs") return began();
    return Response.json({ file: { id: made, name: "means.csv", size_bytes: 0, received_bytes: 0, expires_at: 1 } });
  });
  rememberRun(RUN, {
    app: "csv-insights",
    action: "analyze",
    input: { rows: 3 },
    files: [{ name: "data", access: "read", called: "sales.csv", handed: FILE }],
  });
  const { history } = at(`${AT}?again=${RUN}`);
  expect(await screen.findByText("sales.csv")).toBeTruthy();
  await userEvent.type(screen.getByLabelText(/^Out/, { selector: "input[type=text]" }), "means.csv");
  await userEvent.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() => expect(history.at(-1)).toBe(`/runs/${RUN}`));
  expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ name: "means.csv", size_bytes: 0 });
  const started = JSON.parse(asked[1]?.body ?? "") as { files: unknown; input: unknown };
  expect(started.input).toEqual({ rows: 3 });
  expect(started.files).toEqual([
    { name: "data", handed: FILE },
    { name: "out", handed: made },
  ]);
  expect(rememberedRun(RUN)?.files[1]).toEqual({ name: "out", access: "write", called: "means.csv", handed: made });
});

it("says so where there is no such action, and shows hostile words as words", async () => {
  paperOikos({ app_info: { app: detail({ title: "<img src=x>\u202eevil", enabled: false }) } });
  const { container, unmount } = at("/apps/csv-insights/run/nothing");
  expect(await screen.findByText("This app has no such action")).toBeTruthy();
  expect(screen.getByText("<img src=x>\\u{202e}evil")).toBeTruthy();
  expect(container.querySelector("img")).toBeNull();
  unmount();
  at();
  expect(await screen.findByText("This app is switched off")).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Run" }).disabled).toBe(true);
});

it("speaks German", async () => {
  paperOikos({ app_info: { app: detail() } });
  at(AT, "de");
  expect(await screen.findByRole("button", { name: "Starten" })).toBeTruthy();
  expect(screen.getAllByText("Dieses Gerät").length).toBeGreaterThan(0);
});
