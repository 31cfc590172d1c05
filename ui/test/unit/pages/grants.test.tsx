import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import { columnsOf, nameRem } from "@/pages/grants/columns";
import GrantsPage from "@/pages/grants/GrantsPage";
import { words } from "@/pages/grants/words";
import { paperOikos, Refuse, renderScreen, type Ask } from "../kit";

const page = { path: "/grants", at: "/grants" };
type Row = Schemas["AppGrantsView"];
const appOf = (name: string, grants: Schemas["GrantView"][] | null, enabled = true): Row => ({
  app: name,
  title: name,
  enabled,
  ...(grants && { grants }),
});

function grant(line: string, scope: Schemas["Scope"], state: Schemas["GrantState"]): Schemas["GrantView"] {
  return {
    line,
    scope,
    state,
    severity: "medium",
    sentence: { code: "card_file_read", args: [{ list: ["/data/\u202e<b>x</b>"] }] },
    duration: { for: "always" },
  };
}
const storage = (state: Schemas["GrantState"]) => grant("storage", { scope: "storage", quota_bytes: 1_024 }, state);
const file = (access: "read" | "write", state: Schemas["GrantState"]) =>
  grant(`file.${access}`, { scope: "file", access, folders: ["/data"] }, state);

const network = (state: Schemas["GrantState"]) => grant("network", { scope: "network", rules: [] }, state);

/** In view is what the test says. */
let isInView: (element: Element) => boolean;
const watched = new Map<Element, () => void>();
class PaperView {
  constructor(private readonly tell: (entries: { isIntersecting: boolean; target: Element }[]) => void) {}
  observe(target: Element): void {
    const look = () => this.tell([{ isIntersecting: isInView(target), target }]);
    watched.set(target, look);
    queueMicrotask(look);
  }
  unobserve(target: Element): void {
    watched.delete(target);
  }
  disconnect(): void {}
}
beforeEach(() => {
  isInView = () => true;
  watched.clear();
  vi.stubGlobal("IntersectionObserver", PaperView);
  vi.stubGlobal("matchMedia", (media: string) => ({
    matches: true,
    media,
    addEventListener() {},
    removeEventListener() {},
  }));
});
const onPhone = () =>
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
const heads = (table: HTMLElement) =>
  within(table)
    .getAllByRole("columnheader")
    .map(({ textContent }) => textContent);

it("shows what lets most through, in words, and changes it at once", async () => {
  let grants = [file("read", "block"), file("write", "allow"), storage("ask")];
  const asked = paperOikos({
    grant_list_all: () => ({ apps: [appOf("empty", []), appOf("notes", grants)] }),
    grant_list: ({ path }: Ask) => ({ app: path[0], grants }),
    grant_set: () => {
      grants = [file("read", "block"), file("write", "allow"), storage("block")];
      return { app: "notes", grants };
    },
  });
  const { history } = renderScreen(GrantsPage, page);
  const table = await screen.findByRole("table", { name: "Apps and what they may touch" });
  const cell = await within(table).findByRole("link", { name: "notes, Files: Allow, the most of 2 switches" });
  expect(cell.textContent).toBe("Allow (2)");
  expect(heads(table)).toEqual(["App", "Files", "Own storage"]);
  expect(await within(table).findByText("Asks for nothing.")).toBeTruthy();
  await userEvent.click(within(table).getByRole("link", { name: "notes, Own storage: Ask" }));
  expect(history.at(-1)).toBe("/grants?app=notes");
  const dialog = await screen.findByRole("dialog", { name: "notes" });
  expect(
    (await within(dialog).findAllByText(/\/data\/\\u\{202e\}<b>x<\/b>/, {}, { timeout: 10_000 })).length,
  ).toBeGreaterThan(0);
  const choice = within(dialog).getByRole("group", { name: /storage/ });
  await userEvent.click(within(choice).getByRole("radio", { name: "Block" }));
  await waitFor(() =>
    expect(asked.find(({ operation }) => operation === "grant_set")).toMatchObject({
      path: ["notes"],
      body: { choices: [{ line: "storage", state: "block" }] },
    }),
  );
  await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));
  expect(await screen.findByRole("link", { name: "notes, Own storage: Block" })).toBeTruthy();
  expect(asked.filter(({ operation }) => operation === "grant_list_all")).toHaveLength(1);
});

const many = Array.from({ length: 500 }, (_, index) => {
  const name = `app-${String(index).padStart(3, "0")}`;
  return appOf(name, index === 499 ? [network("ask"), storage("allow")] : [storage("allow")], index !== 0);
});

it("asks once for 500 apps, knows all columns, and draws what is near", async () => {
  isInView = () => false;
  const asked = paperOikos({ grant_list_all: { apps: many } });
  renderScreen(GrantsPage, page);
  const table = await screen.findByRole("table");
  expect(heads(table)).toEqual(["App", "Own storage", "Network"]);
  const body = [...table.querySelectorAll("tbody tr")];
  expect(body).toHaveLength(500);
  const drawn = () => within(table).getAllByRole("rowheader");
  expect(drawn()).toHaveLength(20);
  // Each has its room, drawn or not.
  for (const row of body) expect(row.firstElementChild?.className).toContain("h-12 pointer-coarse:h-13");
  expect(within(table).getByText("Off")).toBeTruthy();

  const [last] = body.slice(-1);
  if (!last) throw new Error("there is a last row");
  isInView = (element) => element === last;
  act(() => watched.get(last)?.());
  expect(await within(table).findByRole("link", { name: "app-499, Network: Ask" })).toBeTruthy();
  expect(drawn()).toHaveLength(21);

  const columns = () => [...table.querySelectorAll("col")].map(({ style }) => style.width);
  const before = columns();
  await userEvent.type(screen.getByRole("searchbox"), "app-01");
  await waitFor(() => expect(table.querySelectorAll("tbody tr")).toHaveLength(10));
  expect([heads(table), columns()]).toEqual([["App", "Own storage", "Network"], before]);
  expect(asked).toHaveLength(1);
});

it("keeps each card's room on a phone, by what will stand in it", async () => {
  onPhone();
  isInView = () => false;
  paperOikos({ grant_list_all: { apps: many } });
  renderScreen(GrantsPage, page);
  const cards = await screen.findAllByRole("listitem");
  expect(cards.slice(0, 500).map((card) => card.querySelector("bdi")?.textContent)).toEqual(many.map(({ app }) => app));
  const roomOf = (card: Element | undefined) => card?.querySelector("dl")?.style.getPropertyValue("--families");
  expect([roomOf(cards[0]), roomOf(cards[499])]).toEqual(["1", "2"]);
  expect(screen.getAllByRole("link", { name: /Own storage/ })).toHaveLength(6);
});

it("finds by name, shows changes made elsewhere, and says what could not be read", async () => {
  let answer: unknown = { apps: [appOf("notes", [storage("allow")]), appOf("torn", null), appOf("weather", [])] };
  paperOikos({ grant_list_all: () => answer });
  const { queries } = renderScreen(GrantsPage, page);
  expect(await screen.findByText("Could not be read")).toBeTruthy();
  await userEvent.type(await screen.findByRole("searchbox", { name: "Search by name" }), "note");
  await waitFor(() => expect(screen.queryByText("weather")).toBeNull());
  expect(await screen.findByRole("link", { name: "notes, Own storage: Allow" })).toBeTruthy();
  answer = { apps: [appOf("notes", [storage("block")])] };
  await act(() => queries.invalidateQueries({ queryKey: ["grants"] }));
  expect(await screen.findByRole("link", { name: "notes, Own storage: Block" })).toBeTruthy();
  answer = new Refuse(500, "internal", "the store is gone");
  await act(() => queries.invalidateQueries({ queryKey: ["grants"] }));
  expect(await screen.findByText(/the store is gone/)).toBeTruthy();
  await userEvent.type(screen.getByRole("searchbox"), "zzz");
  expect(await screen.findByText("No app has that in its name")).toBeTruthy();
});

it("is a list for each app on a phone, and speaks German", async () => {
  onPhone();
  paperOikos({ grant_list_all: { apps: [appOf("notes", [storage("allow")])] } });
  renderScreen(GrantsPage, { ...page, language: "de" });
  expect(await screen.findByRole("heading", { level: 1, name: "Rechte" })).toBeTruthy();
  expect(await screen.findByRole("link", { name: "notes, Eigener Speicher: Erlaubt" })).toBeTruthy();
  expect(screen.queryByRole("table")).toBeNull();
});

it("gives each column room for its head and its longest word", () => {
  const one = [appOf("a", [storage("ask")])];
  const two = [...one, appOf("b".repeat(40), [storage("ask"), network("allow"), network("block")], false)];
  const widths = (apps: Row[]) => Object.fromEntries(columnsOf(apps, words.en).map((column) => Object.values(column)));
  expect(Object.keys(widths(one))).toEqual(["storage"]);
  expect(Object.keys(widths(two))).toEqual(["storage", "network"]);
  expect(widths(two)["storage"]).toBe(widths(one)["storage"]);
  expect(columnsOf([appOf("a", null)], words.en)).toEqual([]);
  expect(nameRem(two, words.en)).toBeGreaterThan(nameRem(one, words.en));
  expect(nameRem([appOf("b".repeat(64), [])], words.en)).toBe(22);
});
