import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { actionsFor } from "@/actions";
import type { Known } from "@/actions/action";
import { fit, ranked } from "@/actions/rank";
import { catchKeys, type KeysAhead } from "@/layout/keys-ahead";
import Palette from "@/layout/Palette";
import { line } from "@/live/line";
import { paperOikos, Refuse, renderScreen } from "./kit";

const RUN = "0193c8a2-7d34-7000-8000-000000000001";
const app = (name: string, more = {}) => ({
  name,
  title: `The ${name}`,
  version: "1.0.0",
  enabled: true,
  installed_at: 1,
  badge: "local_developer" as const,
  fingerprint: "x",
  ...more,
});
const run = { run: RUN, app: "csv-insights", action: "summarize", started_at: 2 };
const answers = {
  app_list: {
    apps: [app("csv-insights"), app("notes", { title: "N\u202eotes <b>" }), app("asleep", { enabled: false })],
  },
  run_list: { runs: [run, { ...run, run: RUN.replace(/1$/, "2"), app: "asleep", started_at: 1, ended_at: 2 }] },
};
const question = {
  id: RUN,
  run: RUN,
  app: "notes",
  sentence: { code: "ask_file_read", args: [{ text: "/a\u202e" }] },
  asked_at: 1,
  expires_at: 2,
  kind: "permission",
} as unknown as Known["questions"][number];

/** As the shell opens it, from a button that has the focus. */
function Stand() {
  const [keys, setKeys] = useState<KeysAhead | null>(null);
  return (
    <>
      <button type="button" onClick={() => setKeys(catchKeys(() => setKeys(null)))}>
        open
      </button>
      {keys && <Palette ahead={keys} onClose={() => setKeys(null)} />}
    </>
  );
}
async function draw(language: "en" | "de" = "en") {
  const drawn = renderScreen(Stand, { path: "*", at: "/runs", language });
  await userEvent.click(screen.getByRole("button", { name: "open" }));
  const field = await screen.findByRole("combobox");
  await waitFor(() => expect(document.activeElement).toBe(field));
  await waitFor(() => expect(screen.getAllByRole("option").length).toBeGreaterThan(20));
  return { ...drawn, field };
}
const active = (field: HTMLElement) => document.getElementById(field.getAttribute("aria-activedescendant") ?? "");

afterEach(() => void vi.restoreAllMocks());

describe("the palette", () => {
  it("is worked with the keyboard alone, and says what is chosen", async () => {
    paperOikos(answers);
    const { field, history } = await draw();
    expect(active(field)?.getAttribute("aria-selected")).toBe("true");
    const first = active(field)?.textContent;
    await userEvent.keyboard("{ArrowUp}");
    expect(active(field)).toBe(screen.getAllByRole("option").at(-1));
    await userEvent.keyboard("{ArrowDown}");
    expect(active(field)?.textContent).toBe(first);
    await userEvent.keyboard("diag");
    expect(
      screen.getAllByRole("option").filter((option) => option.getAttribute("aria-selected") === "true"),
    ).toHaveLength(1);
    expect(active(field)?.textContent).toBe("Go to: Diagnostics");
    expect(screen.getByText(/^\d+ results?$/)).toBeTruthy();
    await userEvent.keyboard("{Enter}");
    expect(history?.at(-1)).toBe("/diagnostics");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    // The screen takes the focus, not the button that opened this.
    expect(document.activeElement).not.toBe(screen.getByRole("button", { name: "open" }));
  });

  it("closes with Escape and gives the focus back", async () => {
    const asked = paperOikos(answers);
    await draw();
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("combobox")).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "open" })));
    // Two lists that the shell has anyway; nothing for each app.
    expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(["app_list", "run_list"]));
    expect(asked).toHaveLength(2);
  });

  it("does what was chosen, and says what came of it", async () => {
    const asked = paperOikos({
      ...answers,
      run_stop: { runs: [RUN], paused: [] },
      run_stop_all: new Refuse(500, "internal", "it is \u202egone"),
    });
    await draw();
    await userEvent.keyboard("stop csv");
    await userEvent.click(screen.getByRole("option", { name: "Stop run: csv-insights summarize" }));
    expect(await screen.findByText("1 run stopped.")).toBeTruthy();
    expect(asked.at(-1)).toMatchObject({ operation: "run_stop", path: [RUN] });
    await userEvent.click(screen.getByRole("button", { name: "open" }));
    await userEvent.type(await screen.findByRole("combobox"), "stop everything{Enter}");
    expect(await screen.findByText("it is \\u{202e}gone")).toBeTruthy();
  });

  it("speaks German, and finds nothing without harm", async () => {
    paperOikos(answers);
    const { field } = await draw("de");
    await userEvent.keyboard("lauf");
    expect(active(field)?.textContent).toBe("Gehe zu: Läufe");
    await userEvent.keyboard("qqq{Enter}");
    expect(field.getAttribute("aria-activedescendant")).toBeNull();
    expect(field.getAttribute("aria-expanded")).toBe("false");
    expect(screen.getByText(/Nichts passt zu „laufqqq“/)).toBeTruthy();
  });

  it("offers the first open question first, in its own words", async () => {
    const open = [question];
    vi.spyOn(line, "questions").mockImplementation(() => open);
    paperOikos(answers);
    const { field, history } = await draw();
    expect(active(field)?.textContent).toBe("Answer notes: read /a\\u{202e}");
    await userEvent.keyboard("{Enter}");
    expect(history?.at(-1)).toBe("/approvals");
  });
});

describe("what can be done", () => {
  const known: Known = {
    language: "en",
    theme: "dark",
    apps: answers.app_list.apps,
    runs: answers.run_list.runs,
    questions: [],
    actions: [{ app: "notes", action: "add", title: "Add a n\u202eote" }],
    servers: [{ app: "files", title: "F\u202eiles", waiting: 2 }],
    say: ({ code }) => code,
  };
  const labels = (more: Partial<Known> = {}) => actionsFor({ ...known, ...more }).map(({ label }) => label.en);

  it("depends on what there is", () => {
    expect(labels()).toContain("Run notes: Add a n\\u{202e}ote");
    expect(labels()).toContain("Run csv-insights: summarize");
    expect(labels().some((label) => label.startsWith("Run asleep"))).toBe(false);
    expect(labels()).toContain("Open app: notes – N\\u{202e}otes <b>");
    const pages = [app("dice", { opens: "index.html" }), app("off", { opens: "index.html", enabled: false })];
    expect(labels({ apps: pages }).filter((label) => label.startsWith("Use "))).toEqual(["Use dice – The dice"]);
    expect(labels()).toContain("Open server: files – F\\u{202e}iles (2 waiting)");
    expect(labels()).toContain("Look again at server: files");
    expect(labels()).toContain("Connect Cursor");
    expect(labels()).toContain("Stop run: csv-insights summarize");
    expect(labels().filter((label) => label.startsWith("Stop run"))).toHaveLength(1);
    expect(labels()).not.toContain("Colours: dark");
    expect(labels({ theme: "light" })).toContain("Colours: dark");
    expect(labels()).not.toContain("Language: English");
    expect(
      labels({ runs: [], apps: [] }).some((label) => label.startsWith("Stop run") || label.startsWith("Look at")),
    ).toBe(false);
  });

  it("has a name of its own each, and words in both languages", () => {
    const all = actionsFor({ ...known, questions: [question] });
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { label, keywords } of all) {
      for (const texts of [label, keywords]) {
        expect(texts?.en.trim()).not.toBe("");
        expect(texts?.de.trim()).not.toBe("");
      }
    }
  });
});

describe("ranking", () => {
  const best = (typed: string, ...labels: string[]) => ranked(typed, labels, (label) => ({ label }));

  it("puts beginnings of words before places within, and these before scattered letters", () => {
    expect(best("run", "prune", "Go to: Runs", "round unit")).toEqual(["Go to: Runs", "prune", "round unit"]);
    expect(best("laufe", "Gehe zu: Läufe", "x")).toEqual(["Gehe zu: Läufe"]);
    expect(best("zz", "a", "b")).toEqual([]);
    expect(best(" ", "a", "b")).toEqual(["a", "b"]);
  });
  it("wants each word, and takes what is typed as it is", () => {
    expect(fit("stop all", "Stop everything", "all")).toBeGreaterThan(0);
    expect(fit("stop xyz", "Stop everything", "all")).toBe(0);
    for (const typed of ["(", "[a", "\\", "a+*", "c++", "^$", "a-b", "{1,2}", "\u{1f600}"])
      expect(() => fit(typed, "label")).not.toThrow();
    expect(fit("c++", "Open c++")).toBeGreaterThan(0);
  });
});
