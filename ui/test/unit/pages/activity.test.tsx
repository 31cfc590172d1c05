import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import ActivityPage from "@/pages/activity/ActivityPage";
import { paperOikos, Refuse, renderScreen } from "../kit";
import { paperNews } from "../paper-line";

type Entry = Schemas["AuditEntry"];
const RUN = "01890000-0000-7000-8000-0000000000aa";
const GRANT = "01890000-0000-7000-8000-0000000000bb";
const NOON = new Date(2026, 10, 20, 12).getTime();

function entry(seq: number, event: Schemas["AuditEvent"], code: string, args: Schemas["Arg"][] = [], more = {}): Entry {
  const record = {
    app: "csv-insights",
    run: RUN,
    at: NOON + seq * 1_000,
    door: "page" as const,
    sentence: { code, args },
    ...event,
    ...more,
  };
  return { seq, hash: seq.toString(16).padStart(64, "0"), record: record as Schemas["AuditRecord"] };
}
const told: Entry[] = [
  entry(1, { event: "run_started" }, "run_started", [{ text: "report" }, { text: "1.0.0" }]),
  entry(2, { event: "intent", effect: 1 }, "file_will_write", [{ bytes: 3 }, { text: "/data/out.csv" }]),
  entry(3, { event: "outcome", effect: 1, state: "done" }, "file_created", [{ text: "/data/out.csv" }, { bytes: 3 }], {
    grant: GRANT,
    rule: { code: "rule_grant", args: [{ text: "file.write" }, { text: "/data" }] },
    labels: 1,
    arguments: "c".repeat(64),
  }),
  entry(4, { event: "denied" }, "effect_denied", [
    { sentence: { code: "ask_file_read", args: [{ text: "/etc/<i>passwd</i>\u202e" }] } },
    { sentence: { code: "rule_outside", args: [{ text: "/etc" }, { text: "file.read" }] } },
  ]),
  entry(5, { event: "read" }, "file_read", [{ text: "/data/a.csv" }, { bytes: 10 }]),
  entry(6, { event: "read" }, "file_read_times", [{ text: "/data/b.csv" }, { bytes: 10 }, { number: 4 }]),
  entry(7, { event: "read" }, "file_read", [{ text: "https://example.org/" }, { bytes: 10 }]),
  entry(8, { event: "run_ended" }, "run_ended", [{ millis: 20 }, { millis: 3 }]),
];
const textOf = (blob: Blob | undefined) =>
  new Promise<string>((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.readAsText(blob ?? new Blob());
  });
const page = { path: "/activity", at: "/activity" };
const apps = { app_list: { apps: [] } };

it("says first what each app did, counted, and then each thing under its run", async () => {
  paperOikos({ ...apps, log: { entries: told } });
  renderScreen(ActivityPage, page);
  const short = await screen.findByRole("region", { name: "In short" });
  expect(within(short).getByRole("listitem").textContent).toContain(
    "csv-insights: 1 run, read 2 files, changed 1 file, did not use the network, was denied 1 time.",
  );
  expect(short.textContent).toContain("In all 8 entries of the log");
  const timeline = screen.getByRole("region", { name: "One after the other" });
  const rows = within(timeline)
    .getAllByRole("button", { name: /^Record/ })
    .map((button) => button.textContent);
  expect(rows).toEqual(["Record 8", "Record 7", "Record 6", "Record 5", "Record 4", "Record 3", "Record 1"]);
  const denied = within(timeline).getByText("Denied", { selector: "span" }).closest("li");
  expect(denied?.textContent).toContain("BLOCKED: wanted to read /etc/<i>passwd</i>\\u{202e}");
  const change = within(timeline)
    .getByText(/created \/data\/out\.csv/)
    .closest("li");
  expect(change?.textContent).toContain("in a browser · had read private data · because: grant file.write for /data");
  expect(
    within(change as HTMLElement)
      .getByRole("link")
      .getAttribute("href"),
  ).toBe("/grants?app=csv-insights");
});

it("hides no denial behind a filter, and keeps filters in the address", async () => {
  paperOikos({ ...apps, log: { entries: told } });
  const { history } = renderScreen(ActivityPage, page);
  await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Kind" }), "Network");
  await waitFor(() => expect(screen.getAllByRole("button", { name: /^Record/ })).toHaveLength(2));
  expect(screen.getByText("Denied", { selector: "span" })).toBeTruthy();
  await userEvent.click(screen.getByRole("switch", { name: "Only what was denied" }));
  expect(screen.getAllByRole("button", { name: /^Record/ })).toHaveLength(1);
  expect(history.at(-1)).toBe("/activity?kind=network&denied=1");
});

it("opens a record as it stands in the chain, escaped", async () => {
  paperOikos({ ...apps, log: { entries: told } });
  const { history } = renderScreen(ActivityPage, page);
  await userEvent.click(await screen.findByRole("button", { name: "Record 4" }));
  const dialog = await screen.findByRole("dialog", { name: "Entry 4 of the log" });
  expect(dialog.textContent).toContain("4".padStart(64, "0"));
  const raw = within(dialog).getByRole("region", { name: "As it stands in the log" }).textContent ?? "";
  expect(raw).toContain('"event": "denied"');
  expect(raw).toContain("/etc/<i>passwd</i>\\u{202e}");
  expect(history.at(-1)).toBe("/activity?entry=4");
});

it("takes a run back after a question, and says where that failed", async () => {
  let answer: unknown = new Refuse(409, "conflict", "/data/out.csv was changed since", "nothing was taken back");
  const asked = paperOikos({ ...apps, log: { entries: told }, undo: () => answer });
  renderScreen(ActivityPage, page);
  await userEvent.click(await screen.findByRole("button", { name: /^Undo, csv-insights/ }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Undo" }));
  expect((await within(dialog).findByRole("alert")).textContent).toContain("was changed since");
  answer = { steps: [{ code: "undo_remove_created", args: [{ text: "/data/out.csv" }] }] };
  await userEvent.click(within(dialog).getByRole("button", { name: "Undo" }));
  expect(await screen.findByText("Taken back: the run of csv-insights")).toBeTruthy();
  expect(asked.findLast(({ operation }) => operation === "undo")?.path).toEqual([RUN]);
});

it("offers no undo for what was taken back", async () => {
  const back = entry(9, { event: "outcome", effect: 1, state: "done" }, "undone", [
    { sentence: { code: "undo_remove_created", args: [{ text: "/data/out.csv" }] } },
  ]);
  paperOikos({ ...apps, log: { entries: [...told, back] } });
  renderScreen(ActivityPage, page);
  await screen.findByText(/you took back/);
  expect(screen.queryByRole("button", { name: /^Undo/ })).toBeNull();
});

it("says what the chain proved, and where it breaks", async () => {
  let report: Schemas["ChainReport"] = { entries: 1_204, pruned: 3, signed_seq: 1_200, breaks: [] };
  paperOikos({ ...apps, log: { entries: [] }, log_verify: () => ({ report }) });
  renderScreen(ActivityPage, page);
  await userEvent.click(await screen.findByRole("button", { name: "Verify the chain" }));
  expect(await screen.findByText("The chain holds")).toBeTruthy();
  expect(screen.getByText(/1,204 entries follow from one another.*Of 3 of them.*up to entry 1,200/)).toBeTruthy();
  report = {
    ...report,
    breaks: [
      { break: "body_changed", seq: 7 },
      { break: "missing", from_seq: 9, to_seq: 12 },
      { break: "tail_cut", last_seq: 1_100, signed_seq: 1_200 },
    ],
  };
  await userEvent.click(screen.getByRole("button", { name: "Verify the chain" }));
  expect(await screen.findByText("The chain does not hold")).toBeTruthy();
  expect(screen.getByText("Entry 7 was changed: its text is not what its digest says.")).toBeTruthy();
  expect(screen.getByText("Entries 9 to 12 are missing.")).toBeTruthy();
  expect(screen.getByText("The log was cut off: it ends at entry 1,100, but entry 1,200 was signed.")).toBeTruthy();
});

it("draws a bounded part of 10,000 entries, loads earlier ones and hears new ones", async () => {
  const all = Array.from({ length: 10_000 }, (_, index) =>
    entry(index + 1, { event: "read" }, "file_read", [{ text: `/data/${index + 1}` }, { bytes: 1 }]),
  );
  const news = paperNews();
  const asked = paperOikos({
    ...apps,
    log_follow: news.answer,
    log: ({ query }: { query: URLSearchParams }) => {
      const limit = Number(query.get("limit"));
      const after = query.get("after_seq");
      return { entries: after === null ? all.slice(-limit) : all.slice(Number(after), Number(after) + limit) };
    },
  });
  news.follow();
  renderScreen(ActivityPage, page);
  await screen.findByText(/In the last 1,000 entries/);
  const rows = () => screen.getAllByText(/^\/?read 1 byte from/).length;
  await waitFor(() => expect(rows()).toBe(200));
  for (let pages = 0; pages < 5; pages += 1) fireEvent.click(screen.getByText("Earlier"));
  await screen.findByText(/In the last 2,000 entries/, {}, { timeout: 10_000 });
  expect(asked.filter(({ operation }) => operation === "log").map(({ query }) => query.toString())).toEqual([
    "limit=1000",
    "after_seq=8000&limit=1000",
  ]);
  await waitFor(() => expect(rows()).toBe(1_200), { timeout: 10_000 });
  news.add([entry(10_001, { event: "read" }, "file_read", [{ text: "/data/new" }, { bytes: 2 }])]);
  expect(await screen.findByText("read 2 bytes from /data/new", {}, { timeout: 5_000 })).toBeTruthy();
  expect(asked.filter(({ operation }) => operation === "log")).toHaveLength(2);
  // A thousand rows are slow to look through where nothing is drawn.
}, 60_000);

it("stops an app, downloads what is shown, and speaks German", async () => {
  const stopped = { runs: [RUN], paused: ["csv-insights"] };
  paperOikos({ ...apps, log: { entries: told }, app_stop: stopped });
  const made = vi.fn((blob: Blob) => `blob:${blob.size}`);
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: made, revokeObjectURL: vi.fn() }));
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  renderScreen(ActivityPage, { ...page, language: "de" });
  expect((await screen.findByRole("region", { name: "Kurz gesagt" })).textContent).toContain(
    "csv-insights: 1 Lauf, 2 Dateien gelesen, 1 Datei geändert, das Netzwerk nicht benutzt, 1-mal abgewiesen.",
  );
  await userEvent.click(screen.getByRole("button", { name: "Gezeigtes herunterladen" }));
  const text = await textOf(made.mock.calls[0]?.[0]);
  expect(
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry),
  ).toEqual(told);
  clicked.mockRestore();
  await userEvent.click(screen.getByRole("button", { name: "Stopp csv-insights" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Stopp" }));
  expect(await screen.findByText("1 Lauf gestoppt.")).toBeTruthy();
});
