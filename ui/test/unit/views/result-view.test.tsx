import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { LanguageProvider } from "@/i18n";
import { ResultView } from "@/views/ResultView";
import { rendererNames } from "@/views/registry";
import { examples } from "./examples";

function show(props: Parameters<typeof ResultView>[0], language: "en" | "de" = "en") {
  return render(
    <LanguageProvider language={language}>
      <ResultView {...props} />
    </LanguageProvider>,
  );
}

describe("what a run has to show", () => {
  it.each(rendererNames)("draws the example of %s", async (name) => {
    const { container } = show({ renderer: name, data: examples[name], text: "the text instead" });
    await screen.findByText(
      (_, element) => element?.parentElement === container.firstElementChild && element.textContent !== "Drawing …",
    );
    expect(container.textContent).not.toContain("the text instead");
    expect(container.querySelector(".view-note")).toBeNull();
    expect(container.textContent).not.toBe("");
  });

  it("shows the text where no renderer is named, and the data at a button", async () => {
    show({ data: { a: [1, "two"] }, text: "in words" });
    screen.getByText("in words");
    await userEvent.tab();
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "As data" }));
    await userEvent.keyboard("{Enter}");
    expect(screen.queryByText("in words")).toBeNull();
    screen.getByText("a:");
    expect(screen.getByRole("button", { name: "As data" }).getAttribute("aria-pressed")).toBe("true");
  });

  it("shows a tree where there are no words", () => {
    show({ data: { name: "x", list: [1, 2, 3] } });
    screen.getByText("3 values");
    expect(screen.queryByRole("button", { name: "As data" })).toBeNull();
  });

  it("says so where there is nothing", () => {
    show({ data: null });
    screen.getByText("Nothing to show.");
  });

  it("falls back to the text where the data is not the renderer's, and says why", async () => {
    show({ renderer: "chart", data: { labels: ["a"], values: ["no number"] }, text: "one thing" });
    await screen.findByText(/no data that “chart” can draw: #\/values\/0/);
    screen.getByText("one thing");
  });

  it("falls back to the tree where there is no text either", async () => {
    show({ renderer: "table", data: { rows: 1 } });
    await screen.findByText(/can draw/);
    screen.getByText("rows:");
  });

  it.each(["constructor", "__proto__", "no-such", "../card"])("knows no renderer %s", async (renderer) => {
    show({ renderer, data: { a: 1 }, text: "in words" });
    screen.getByText(/Nothing here draws/);
    screen.getByText("in words");
  });

  it("speaks German", async () => {
    show({ renderer: "table", data: { columns: ["a"], rows: [[1.5], [2]] } }, "de");
    const table = await screen.findByRole("table", { name: /2 Zeilen/ });
    within(table).getByText("1,5");
    screen.getByRole("button", { name: "Als Daten" });
  });

  it("shows what hides in foreign text", () => {
    show({ text: "a\u202eb\u200bc\u001b[31m\r\nd" });
    screen.getByText(/a\\u\{202e\}b\\u\{200b\}c\\u\{1b\}\[31m\\u\{d\}/);
  });

  it("opens a link only after the real address was seen", async () => {
    const opened: string[] = [];
    const { open } = window;
    window.open = (url) => {
      opened.push(String(url));
      return null;
    };
    try {
      const data = { title: "t", links: [{ label: "my bank", url: "https://bank.example@evil.example/x" }] };
      show({ renderer: "card", data });
      await userEvent.click(await screen.findByRole("link", { name: "my bank" }));
      const dialog = await screen.findByRole("dialog", {}, { timeout: 10_000 });
      within(dialog).getByText("evil.example");
      expect(opened).toEqual([]);
      await userEvent.click(within(dialog).getByRole("button", { name: "Open" }));
      expect(opened).toEqual(["https://evil.example/x"]);
    } finally {
      window.open = open;
    }
  });
});
