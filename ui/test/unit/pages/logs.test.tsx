import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import LogsPage from "@/pages/logs/LogsPage";
import { paperOikos, renderScreen } from "../kit";
import { paperNews } from "../paper-line";

const windowIs = (wide: boolean) =>
  vi.stubGlobal("matchMedia", (media: string) => ({
    matches: wide,
    media,
    addEventListener() {},
    removeEventListener() {},
  }));
beforeEach(() => windowIs(true));

const page = { path: "/logs", at: "/logs" };
const entry = (
  seq: number,
  text = `/data/${seq}`,
  app = seq % 2 ? "notes" : "csv-insights",
): Schemas["AuditEntry"] => ({
  seq,
  hash: seq.toString(16).padStart(64, "0"),
  record: {
    event: "read",
    at: 1_790_000_000_000 + seq,
    door: "page",
    app,
    sentence: { code: "file_read", args: [{ text }, { bytes: seq }] },
  },
});
const many = (count: number) => Array.from({ length: count }, (_, index) => entry(index + 1));
const rows = () => within(screen.getByRole("log")).getAllByRole("button");

it("shows what there is and what comes, and stands still when paused", async () => {
  const news = paperNews();
  paperOikos({ app_list: { apps: [] }, log: { entries: many(3) }, log_follow: news.answer });
  news.follow();
  renderScreen(LogsPage, page);
  await screen.findByText("3 of 3 entries");
  expect(rows()[0]?.textContent).toMatch(/usednotesread 1 byte from \/data\/1$/);
  news.add([entry(4, "/tmp/\u202e<b>evil</b>")]);
  expect(await screen.findByText("read 4 bytes from /tmp/\\u{202e}<b>evil</b>")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Pause" }));
  news.add([entry(5), entry(6)]);
  expect(await screen.findByText("Paused; new since then: 2")).toBeTruthy();
  expect(rows()).toHaveLength(4);
  await userEvent.click(screen.getByRole("button", { name: "Go on" }));
  expect(rows()).toHaveLength(6);
});

it("marks what went wrong in words, and opens the record", async () => {
  const denied = entry(2);
  denied.record = {
    ...denied.record!,
    event: "denied",
    sentence: { code: "effect_denied", args: [{ text: "x" }, { text: "y" }] },
  };
  paperOikos({ app_list: { apps: [] }, log: { entries: [entry(1), denied] } });
  renderScreen(LogsPage, page);
  await screen.findByText("2 of 2 entries");
  expect(rows()[1]?.textContent).toMatch(/deniedcsv-insightsProblemBLOCKED/);
  await userEvent.click(rows()[1]!);
  expect((await screen.findByRole("dialog", { name: "Entry 2 of the log" })).textContent).toContain(
    '"event": "denied"',
  );
});

it("does not call it a problem that a person stopped a run", async () => {
  const stopped = entry(1);
  stopped.record = {
    ...stopped.record!,
    event: "run_ended",
    code: "stopped",
    sentence: { code: "run_stopped", args: [{ millis: 47 }] },
  };
  paperOikos({ app_list: { apps: [] }, log: { entries: [stopped] } });
  renderScreen(LogsPage, page);
  await screen.findByText("1 of 1 entries");
  expect(rows()[0]?.textContent).toMatch(/run endednotesAttention/);
});

it("says on a phone who did it, above what it was", async () => {
  windowIs(false);
  paperOikos({ app_list: { apps: [] }, log: { entries: [entry(1)] } });
  renderScreen(LogsPage, page);
  await screen.findByText("1 of 1 entries");
  expect(rows()[0]?.textContent).toMatch(/^\d\d:\d\d:\d\d notesread 1 byte from \/data\/1$/);
});

it("follows until a person scrolls up, not because entries come", async () => {
  const news = paperNews();
  paperOikos({ app_list: { apps: [] }, log: { entries: many(40) }, log_follow: news.answer });
  news.follow();
  renderScreen(LogsPage, page);
  await screen.findByText("40 of 40 entries");
  const list = screen.getByRole("region", { name: "Entries of the log" });
  const follow = screen.getByRole("switch", { name: "Follow" });
  const isFollowing = () => follow.getAttribute("aria-checked") === "true";
  let rowsHigh = 40;
  Object.defineProperty(list, "clientHeight", { get: () => 320 });
  Object.defineProperty(list, "scrollHeight", { get: () => rowsHigh * 32 });
  const scrollTo = (top: number) => {
    list.scrollTop = top;
    fireEvent.scroll(list);
  };
  scrollTo(30 * 32);
  expect(isFollowing()).toBe(true);
  // The browser tells of its own scrolling late: the list has grown meanwhile.
  rowsHigh = 46;
  fireEvent.scroll(list);
  expect(isFollowing()).toBe(true);
  scrollTo(20 * 32);
  expect(isFollowing()).toBe(false);
  scrollTo(36 * 32);
  expect(isFollowing()).toBe(true);
});

it("finds among 100,000 entries without holding up the keys, and draws what is in view", async () => {
  const news = paperNews();
  const all = many(100_020);
  paperOikos({ app_list: { apps: [] }, log: () => ({ entries: all.slice(99_000, 99_500) }), log_follow: news.answer });
  const answers = vi.mocked(fetch);
  const paper = answers.getMockImplementation()!;
  // The whole log in one answer, which oikos never gives, would take the checker of answers minutes.
  answers.mockImplementation((input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), location.origin);
    if (url.pathname !== "/api/v1/log") return paper(input, init);
    const after = url.searchParams.get("after_seq");
    const limit = Number(url.searchParams.get("limit"));
    const from = after === null ? 0 : Number(after);
    return Promise.resolve(Response.json({ entries: all.slice(from, from + limit) }));
  });
  news.follow();
  renderScreen(LogsPage, page);
  await screen.findByText("500 of 500 entries");
  news.add(all.slice(-1));
  await screen.findByText("100,000 of 100,000 entries", {}, { timeout: 15_000 });
  expect(screen.getByText("20 older entries were let go from this page; the log still has them.")).toBeTruthy();
  expect(rows().length).toBeLessThan(60);
  const field = screen.getByRole("searchbox", { name: "Only what contains" });
  const before = performance.now();
  act(() => void fireEvent.change(field, { target: { value: "/data/77777" } }));
  // Only the first slice of the search is done before the key is answered.
  expect(performance.now() - before).toBeLessThan(500);
  expect(screen.getByText(/looking …/)).toBeTruthy();
  await screen.findByText("1 of 100,000 entries", {}, { timeout: 15_000 });
  expect(rows()).toHaveLength(1);
});

it("filters by app, keeps that in the address, copies what is shown, and speaks German", async () => {
  const apps: Schemas["AppSummary"][] = [
    {
      name: "notes",
      title: "Notes",
      version: "1.0.0",
      enabled: true,
      installed_at: 1,
      badge: "local_developer",
      fingerprint: "f",
    },
  ];
  paperOikos({ app_list: { apps }, log: { entries: many(4) } });
  const user = userEvent.setup();
  const { history } = renderScreen(LogsPage, { ...page, language: "de" });
  await screen.findByText("4 von 4 Einträgen");
  await screen.findByRole("option", { name: "notes" });
  await user.selectOptions(screen.getByRole("combobox", { name: "App" }), "notes");
  await screen.findByText("2 von 4 Einträgen");
  expect(history.at(-1)).toBe("/logs?app=notes");
  await user.click(screen.getByRole("button", { name: "Kopieren" }));
  await waitFor(async () => expect((await navigator.clipboard.readText()).trim().split("\n")).toHaveLength(2));
});
