import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import GrantsPage from "@/pages/grants/GrantsPage";
import { paperOikos, Refuse, renderScreen, type Ask } from "../kit";

const page = { path: "/grants", at: "/grants" };
const appOf = (name: string): Schemas["AppSummary"] => ({
  name,
  title: name,
  version: "1.0.0",
  enabled: true,
  installed_at: 1,
  badge: "local_developer",
  fingerprint: "f",
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

/** In view is what the test says. */
let isInView: (element: Element) => boolean;
beforeEach(() => {
  isInView = () => true;
  class PaperView {
    constructor(private readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
    observe(element: Element): void {
      this.tell([{ isIntersecting: isInView(element) }]);
    }
    disconnect(): void {}
  }
  vi.stubGlobal("IntersectionObserver", PaperView);
  vi.stubGlobal("matchMedia", (media: string) => ({
    matches: true,
    media,
    addEventListener() {},
    removeEventListener() {},
  }));
});

it("shows what lets most through, in words, and changes it at once", async () => {
  let grants = [file("read", "block"), file("write", "allow"), storage("ask")];
  const asked = paperOikos({
    app_list: { apps: [appOf("notes"), appOf("empty")] },
    grant_list: ({ path }: Ask) => ({ app: path[0], grants: path[0] === "notes" ? grants : [] }),
    grant_set: () => {
      grants = [file("read", "block"), file("write", "allow"), storage("block")];
      return { app: "notes", grants };
    },
  });
  const { history } = renderScreen(GrantsPage, page);
  const table = await screen.findByRole("table", { name: "Apps and what they may touch" });
  const cell = await within(table).findByRole("link", { name: "notes, Files: Allow, the most of 2 switches" });
  expect(cell.textContent).toBe("Allow (2)");
  expect(
    within(table)
      .getAllByRole("columnheader")
      .map(({ textContent }) => textContent),
  ).toEqual(["App", "Files", "Own storage"]);
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
});

it("asks for the apps in view alone, six at a time at most", async () => {
  const names = Array.from({ length: 300 }, (_, index) => `app-${String(index).padStart(3, "0")}`);
  isInView = (element) => Number(/\d{3}/.exec(element.textContent ?? "")?.[0]) < 20;
  let [now, most] = [0, 0];
  const asked = paperOikos({
    app_list: { apps: names.map(appOf) },
    grant_list: async ({ path }: Ask) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((done) => setTimeout(done, 5));
      now -= 1;
      return { app: path[0], grants: [storage("allow")] };
    },
  });
  renderScreen(GrantsPage, page);
  await waitFor(() => expect(asked.filter(({ operation }) => operation === "grant_list")).toHaveLength(20), {
    timeout: 10_000,
  });
  await waitFor(() => expect(screen.getAllByText("Allow")).toHaveLength(20), { timeout: 5_000 });
  expect(asked.filter(({ operation }) => operation === "grant_list")).toHaveLength(20);
  expect(most).toBe(6);
});

it("finds by name, shows changes made elsewhere, and says what could not be read", async () => {
  let answer: unknown = { app: "notes", grants: [storage("allow")] };
  paperOikos({ app_list: { apps: [appOf("notes"), appOf("weather")] }, grant_list: () => answer });
  const { queries } = renderScreen(GrantsPage, page);
  await userEvent.type(await screen.findByRole("searchbox", { name: "Search by name" }), "note");
  await waitFor(() => expect(screen.queryByText("weather")).toBeNull());
  expect(await screen.findByRole("link", { name: "notes, Own storage: Allow" })).toBeTruthy();
  answer = { app: "notes", grants: [storage("block")] };
  await act(() => queries.invalidateQueries({ queryKey: ["grants"] }));
  expect(await screen.findByRole("link", { name: "notes, Own storage: Block" })).toBeTruthy();
  answer = new Refuse(500, "internal", "the store is gone");
  await act(() => queries.invalidateQueries({ queryKey: ["grants"] }));
  expect(await screen.findByText("Could not be read")).toBeTruthy();
  await userEvent.type(screen.getByRole("searchbox"), "zzz");
  expect(await screen.findByText("No app has that in its name")).toBeTruthy();
});

it("is a list for each app on a phone, and speaks German", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
  paperOikos({ app_list: { apps: [appOf("notes")] }, grant_list: { app: "notes", grants: [storage("allow")] } });
  renderScreen(GrantsPage, { ...page, language: "de" });
  expect(await screen.findByRole("heading", { level: 1, name: "Rechte" })).toBeTruthy();
  expect(await screen.findByRole("link", { name: "notes, Eigener Speicher: Erlaubt" })).toBeTruthy();
  expect(screen.queryByRole("table")).toBeNull();
});
