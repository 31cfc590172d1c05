import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Profiler } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import RunPage from "@/pages/runs/RunPage";
import { rememberRun } from "@/pages/runs/remembered";
import { paperOikos, renderScreen } from "../../kit";
import { hangUp, next, paperLine, PaperSocket } from "./paperLine";
import { BEGAN, detail, ended, failed, problem, report, RUN, running } from "./runs";

beforeEach(() => sessionStorage.clear());
afterEach(hangUp);

const PATH = "/runs/:run";
const AT = `/runs/${RUN}`;
const text = (seq: number, text: string) => ({ type: "text", run: RUN, seq, text });
const log = (seq: number, text: string, level = "info") => ({ type: "log", run: RUN, seq, level, text });

async function watched(answers: Parameters<typeof paperOikos>[0] = {}, options: { at?: string; language?: "de" } = {}) {
  const asked = paperOikos({ run_list: { runs: [running()] }, ...answers });
  const socket = paperLine();
  const drawn = renderScreen(RunPage, {
    path: PATH,
    at: options.at ?? AT,
    ...(options.language ? { language: options.language } : {}),
  });
  const { requestId } = await socket.watching(RUN);
  return { asked, socket, requestId, ...drawn };
}

it("goes on where the line broke, without a lost or a doubled word, and shows the end", async () => {
  const { socket, requestId } = await watched({ run_report: { run: report() } });
  act(() => {
    socket.say("STREAM_CHUNK", requestId, text(1, "one "));
    socket.say("STREAM_CHUNK", requestId, text(2, "two "));
  });
  const words = await screen.findByRole("log", { name: "What it says" });
  await waitFor(() => expect(words.textContent).toBe("one two "));
  expect(await screen.findByRole("button", { name: /^Stop run of csv-insights/ })).toBeTruthy();

  act(() => socket.breakOff());
  await vi.waitFor(() => expect(PaperSocket.all).toHaveLength(2), 3_000);
  const again = next(1);
  const asked = await again.watching(RUN);
  expect(asked).toMatchObject({ requestId, payload: { run: RUN, afterSeq: 2 } });
  act(() => {
    // What was said before the break comes again.
    again.say("STREAM_CHUNK", requestId, text(2, "two "));
    again.say("STREAM_CHUNK", requestId, text(3, "three"));
    again.say("STREAM_END", requestId, { run: report({ data: { rows: 7 }, text: "seven rows" }) });
  });
  await waitFor(() => expect(words.textContent).toBe("one two three"));
  expect(await screen.findByText("Done")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^Stop/ })).toBeNull();
  expect(screen.getByText("seven rows")).toBeTruthy();
});

it("goes on hearing a run whose screen is left, and asks for it once", async () => {
  const { socket, requestId, unmount } = await watched();
  act(() => socket.say("STREAM_CHUNK", requestId, text(1, "before ")));
  await screen.findByRole("log");
  unmount();
  socket.say("STREAM_CHUNK", requestId, text(2, "meanwhile "));
  renderScreen(RunPage, { path: PATH, at: AT });
  expect((await screen.findByRole("log")).textContent).toBe("before meanwhile ");
  act(() => socket.say("STREAM_CHUNK", requestId, text(3, "after")));
  await waitFor(() => expect(screen.getByRole("log").textContent).toBe("before meanwhile after"));
  expect(socket.said.filter(({ type }) => type === "GET_STATUS")).toHaveLength(1);
});

it("says that it was interrupted when oikos was started anew under it", async () => {
  const cut = failed("internal", "was cut off: oikos itself ended while it ran");
  const { socket, requestId } = await watched({ run_report: { run: cut } });
  act(() => socket.say("STREAM_CHUNK", requestId, text(1, "half a ")));
  act(() => socket.breakOff());
  await vi.waitFor(() => expect(PaperSocket.all).toHaveLength(2), 3_000);
  const again = next(1);
  await again.watching(RUN);
  act(() => again.say("ERROR", requestId, problem(cut)));
  expect(await screen.findByText("Interrupted")).toBeTruthy();
  expect(screen.getByText(/oikos itself ended while it ran/)).toBeTruthy();
  expect(screen.getByRole("log").textContent).toBe("half a ");
});

it("keeps drawing rarely and little however much is logged", async () => {
  let renders = 0;
  paperOikos({ run_list: { runs: [running()] } });
  const socket = paperLine();
  const Counted = () => (
    <Profiler id="run" onRender={() => (renders += 1)}>
      <RunPage />
    </Profiler>
  );
  renderScreen(Counted, { path: PATH, at: `${AT}?tab=log` });
  const { requestId } = await socket.watching(RUN);
  await screen.findByText("It has written no log yet.");
  const before = renders;
  const LINES = 100_000;
  const BURSTS = 50;
  for (let burst = 0; burst < BURSTS; burst += 1) {
    await act(async () => {
      for (let place = 0; place < LINES / BURSTS; place += 1) {
        const seq = burst * (LINES / BURSTS) + place + 1;
        socket.say("STREAM_CHUNK", requestId, log(seq, `line ${seq}`));
      }
      await new Promise((done) => requestAnimationFrame(done));
    });
  }
  expect(await screen.findByText("100000 lines")).toBeTruthy();
  // Two drawings for each frame would be 100; each line its own would be 100,000.
  expect(renders - before).toBeLessThan(BURSTS * 4);
  const region = screen.getByRole("region", { name: "Log of this run" });
  expect(region.querySelectorAll("p").length).toBeLessThan(120);

  fireEvent.change(screen.getByRole("searchbox", { name: "Only lines with" }), { target: { value: "line 99999" } });
  expect(await screen.findByText("1 of 100000 lines")).toBeTruthy();
  expect(within(region).getByText("line 99999")).toBeTruthy();
});

it("shows hostile words as words", async () => {
  const evil = '<img src=x onerror="alert(1)"> \u202egnihtemos\u202c </pre><script>1</script>';
  const broken = failed("app_failed", `${evil}\n  at line 1`, evil);
  const { socket, requestId, container } = await watched({ run_report: { run: broken } });
  act(() => {
    socket.say("STREAM_CHUNK", requestId, text(1, evil));
    socket.say("STREAM_CHUNK", requestId, {
      type: "data",
      run: RUN,
      seq: 2,
      topic: evil,
      payload: evil,
      renderer: evil,
    });
    socket.say("STREAM_CHUNK", requestId, {
      type: "tool",
      run: RUN,
      seq: 3,
      name: evil,
      sentence: { code: "file_listed", args: [{ text: evil }, { number: 2 }] },
    });
    socket.say("ERROR", requestId, problem(broken));
  });
  expect((await screen.findAllByText(/\\u\{202e\}gnihtemos/)).length).toBeGreaterThan(2);
  expect(container.querySelector("img, script, [onerror]")).toBeNull();
  expect(container.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  const alert = screen.getByRole("alert");
  expect(within(alert).getByText("The app's own code threw an error.")).toBeTruthy();
  expect(within(alert).getByText("app_failed")).toBeTruthy();
  expect(within(alert).getByText(/at line 1/)).toBeTruthy();
});

it("stops at once, and keeps what was said until then", async () => {
  const { socket, requestId, asked } = await watched({
    run_stop: { runs: [RUN], paused: [] },
    run_report: { run: failed("stopped", "the owner stopped it") },
  });
  act(() => socket.say("STREAM_CHUNK", requestId, text(1, "as far as this")));
  await userEvent.click(await screen.findByRole("button", { name: "Stop run of csv-insights: analyze" }));
  expect(asked.find(({ operation }) => operation === "run_stop")?.path).toEqual([RUN]);
  act(() => socket.say("ERROR", requestId, problem(failed("stopped", "the owner stopped it"))));
  expect(await screen.findByText("Stopped by you")).toBeTruthy();
  expect(screen.getByRole("log").textContent).toBe("as far as this");
  expect(screen.queryByRole("button", { name: /^Stop/ })).toBeNull();
});

it("takes back what a run did, after it has said what that is", async () => {
  const moved = { code: "file_moved", args: [{ text: "/home/me/a.txt" }, { text: "/home/me/texts/a.txt" }] };
  const steps = [{ code: "undo_move_back", args: [{ text: "/home/me/texts/a.txt" }, { text: "/home/me/a.txt" }] }];
  let isUndone = false;
  const { socket, requestId, asked } = await watched({
    run_report: () => ({ run: report({ effects: [moved], undoable: !isUndone }) }),
    undo: () => {
      isUndone = true;
      return { steps };
    },
  });
  act(() => socket.say("STREAM_END", requestId, { run: report({ effects: [moved], undoable: true }) }));
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  const dialog = await screen.findByRole("dialog", { name: "Take back what this run did?" });
  expect(within(dialog).getByText("moved /home/me/a.txt to /home/me/texts/a.txt")).toBeTruthy();
  expect(asked.some(({ operation }) => operation === "undo")).toBe(false);
  await userEvent.click(within(dialog).getByRole("button", { name: "Undo" }));
  expect(await screen.findByText("moved /home/me/a.txt back to /home/me/texts/a.txt", { exact: false })).toBeTruthy();
  await waitFor(() => expect(screen.queryByRole("button", { name: "Undo" })).toBeNull());
});

it("asks its questions where the person looks", async () => {
  const { socket, requestId } = await watched();
  const question = {
    id: "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2c",
    run: RUN,
    app: "csv-insights",
    kind: "permission",
    line: "network",
    asked_at: Date.now(),
    expires_at: Date.now() + 600_000,
    sentence: { code: "card_network", args: [{ list: ["example.com"] }] },
  };
  act(() => {
    socket.say("APPROVAL_REQUEST", requestId, { type: "ask", run: RUN, seq: 1, question });
    socket.say("APPROVAL_REQUEST", null, { run: RUN, question });
  });
  expect(await screen.findByRole("heading", { name: "It asks you" })).toBeTruthy();
  // It stands on the run's own page: no link leads there.
  expect(screen.queryByRole("link", { name: "To the run" })).toBeNull();
  expect(screen.getAllByRole("button", { name: /^Once/ })).toHaveLength(1);
  act(() => socket.say("EVENT", null, { event: "settled", question: question.id, run: RUN }));
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Once/ })).toBeNull());
});

it("says what a run did outside, host by host, and what its app may do", async () => {
  const network = [
    { host: "example.com", requests: 3, bytes_out: 512, bytes_in: 2_048 },
    { requests: 9, bytes_out: 1, bytes_in: 1 },
  ];
  const whole = report({ network, effects: [{ code: "file_read", args: [{ text: "sales.csv" }, { bytes: 2_048 }] }] });
  const { socket, requestId } = await watched(
    { run_report: { run: whole }, app_info: { app: detail() } },
    { at: `${AT}?tab=reach` },
  );
  act(() => socket.say("STREAM_END", requestId, { run: whole }));
  expect(await screen.findByText("read 2.0 KiB from sales.csv")).toBeTruthy();
  const row = screen.getByRole("row", { name: /example\.com/ });
  expect(row.textContent).toBe("example.com3512 bytes2.0 KiB");
  expect(screen.getByRole("row", { name: /All other hosts/ })).toBeTruthy();
  expect(await screen.findByText("talk to example.com")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Change what it may do" }).getAttribute("href")).toBe(
    "/grants?app=csv-insights",
  );
});

it("says so when there is no such run", async () => {
  const { socket, requestId } = await watched({ run_list: { runs: [] } });
  act(() =>
    socket.say("ERROR", requestId, {
      type: "",
      title: "",
      status: 404,
      code: "run_not_found",
      detail: "there is no run",
    }),
  );
  expect(await screen.findByText("This run is not known any more")).toBeTruthy();
});

it("shows a run that has ended while no line is open", async () => {
  paperOikos({ run_list: { runs: [ended()] }, run_report: { run: report({ text: "all is well" }) } });
  renderScreen(RunPage, { path: PATH, at: AT });
  expect(await screen.findByText("all is well")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Run again" }).getAttribute("href")).toBe(
    `/apps/csv-insights/run/analyze?again=${RUN}`,
  );
});

it("saves what a run wrote for this device", async () => {
  const handed = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2d";
  rememberRun(RUN, {
    app: "csv-insights",
    action: "analyze",
    input: { rows: 3 },
    files: [{ name: "out", access: "write", called: "result.csv", handed }],
  });
  const { socket, requestId } = await watched({ run_report: { run: report() } });
  const oikos = fetch;
  vi.stubGlobal("fetch", (input: Request | string, init?: RequestInit) =>
    input === `/api/v1/files/${handed}` ? Promise.resolve(new Response("a,b\n1,2\n")) : oikos(input, init),
  );
  const kept: Blob[] = [];
  vi.stubGlobal(
    "URL",
    Object.assign(URL, { createObjectURL: (blob: Blob) => `blob:${kept.push(blob)}`, revokeObjectURL() {} }),
  );
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  act(() => socket.say("STREAM_END", requestId, { run: report() }));
  await userEvent.click(await screen.findByRole("button", { name: "Save result.csv" }));
  await waitFor(() => expect(clicked).toHaveBeenCalledOnce());
  expect((clicked.mock.contexts[0] as HTMLAnchorElement).download).toBe("result.csv");
  expect(await new Response(kept[0] as never).text()).toBe("a,b\n1,2\n");
  clicked.mockRestore();
});

it("shows the input that this window gave it", async () => {
  rememberRun(RUN, {
    app: "csv-insights",
    action: "analyze",
    input: { rows: 3 },
    files: [{ name: "data", access: "read", called: "\u202esales.csv", path: "/home/me/\u202esales.csv" }],
  });
  await watched({}, { at: `${AT}?tab=input` });
  expect(await screen.findByText("/home/me/\\u{202e}sales.csv")).toBeTruthy();
  expect(screen.getByText(/rows/)).toBeTruthy();
});

it("speaks German", async () => {
  const { socket, requestId } = await watched({ run_report: { run: report() } }, { language: "de" });
  expect(await screen.findByText("Im Gange")).toBeTruthy();
  act(() => socket.say("STREAM_END", requestId, { run: report({ started_at: BEGAN }) }));
  expect(await screen.findByText("Fertig")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Noch einmal" })).toBeTruthy();
});
