import { cleanup, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { checkData } from "@/views/check";
import { rendererNames, viewLoad } from "@/views/registry";
import { isDeceptive } from "./deceptive";
import { draw } from "./drawing";
import { examples } from "./examples";

const HOSTILE =
  '<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><iframe srcdoc="x"></iframe>' +
  "<style>*{display:none}</style><form action=//evil.example><a href=javascript:alert(1)>x</a>" +
  "\"' onmouseover=alert(1) \u202e\u2066txt\u200b\u001b[31m\u0007\ufeff\u{e0041} &#x202e; [x](javascript:alert(1)) ![p](https://evil.example/p.png)";

// Words that are chosen from a list, and texts that decide the form of what is around them.
const KEPT = new Set(["state", "kind", "level", "sky", "unit", "type"]);

// Times are short; what is left is enough to be hostile.
const TIMES = new Set(["time", "at", "day", "date"]);
const HOSTILE_SHORT = "<img src=x onerror=alert(1)>\u202e\u200b\u001b[31m";

function poisoned(value: unknown, name = ""): unknown {
  if (TIMES.has(name)) return HOSTILE_SHORT;
  if (typeof value === "string") return KEPT.has(name) && value.length < 20 ? value : HOSTILE;
  if (Array.isArray(value)) return value.map((inner) => poisoned(inner, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poisoned(inner, key)]));
}

/** Everything that a person could read or be told, and everything that could do something. */
function held(container: Element) {
  const elements = [...container.querySelectorAll("*")];
  const attributes = elements.flatMap((element) => [...element.attributes]);
  return {
    active: elements
      .filter((element) =>
        /^(script|img|iframe|object|embed|style|link|form|input|video|audio|a)$/i.test(element.localName),
      )
      .map(({ localName }) => localName),
    handlers: attributes
      .filter(
        ({ name, value }) =>
          name.startsWith("on") ||
          /^(href|src|srcset|action|formaction)$/.test(name) ||
          /javascript:/i.test(name === "title" || name === "aria-label" ? "" : value),
      )
      .map(({ name }) => name),
    deceptive: [...(container.textContent ?? ""), ...attributes.flatMap(({ value }) => [...value])].filter(
      (character) => isDeceptive(character) && character !== "\n" && character !== "\t",
    ),
  };
}

describe("hostile data", () => {
  it.each(rendererNames)("stays text in %s", async (name) => {
    const data = poisoned(examples[name]);
    expect(checkData((await viewLoad(name)).schema, data)).toEqual({ is_valid: true });
    const { container } = await draw(name, data);
    expect(held(container)).toEqual({ active: [], handlers: [], deceptive: [] });
    expect(container.textContent).toContain(String.raw`\u{202e}`);
    expect(
      [...(await viewLoad(name)).text(data)].filter((character) => isDeceptive(character) && character !== "\n"),
    ).toEqual([]);
  });

  it.each(rendererNames)("is refused by %s where it is too long or of another kind", async (name) => {
    const { schema } = await viewLoad(name);
    for (const [key, value] of Object.entries(examples[name])) {
      for (const other of [
        { x: 1 },
        "x".repeat(2_000_000),
        Array.from({ length: 200_000 }, () => 0),
        Number.MAX_VALUE,
      ]) {
        if (typeof other === typeof value && Array.isArray(other) === Array.isArray(value) && typeof other === "number")
          continue;
        expect(checkData(schema, { ...examples[name], [key]: other }).is_valid, `${key} as ${typeof other}`).toBe(
          false,
        );
      }
    }
  });

  it.each([
    ["card", { title: "t", links: [{ label: "click", url: "javascript:alert(1)" }] }],
    ["search-cards", { results: [{ title: "click", url: "javascript:alert(1)" }] }],
    ["markdown", { text: "[click](javascript:alert(1)) ![p](data:text/html,x)" }],
  ] as const)("gives no link to a script in %s", async (name, data) => {
    await draw(name, data);
    expect(screen.queryByRole("link")).toBeNull();
    expect(document.body.textContent).toContain("click");
  });

  it("asks with the real address", async () => {
    const asked: string[] = [];
    await draw(
      "markdown",
      { text: "[my bank](https://bank.example@evil.example/x) and ![a dog](https://evil.example/p.png)" },
      (url) => asked.push(url),
    );
    await userEvent.click(screen.getByRole("link", { name: "my bank" }));
    await userEvent.click(screen.getByRole("link", { name: "picture: a dog" }));
    expect(asked).toEqual(["https://evil.example/x", "https://evil.example/p.png"]);
  });

  it.each([
    ["<b>bold</b>", "<b>bold</b>"],
    ["a &#x202e;b", String.raw`a \u{202e}b`],
    ["```\n<script>\n```", "<script>"],
    ["<details open ontoggle=alert(1)>", "<details open ontoggle=alert(1)>"],
    ["`&lrm;` and &lrm;", String.raw`&lrm; and \u{200e}`],
    ["[x]: https://e.example '\"><img src=x onerror=alert(1)>'\n[x]", "x"],
    ["<https://e.example/\u202e>", "https://e.example/"],
  ])("shows %j as it was written", async (text, said) => {
    const { container } = await draw("markdown", { text });
    expect(container.textContent).toContain(said);
    expect(held(container)).toEqual({ active: [], handlers: [], deceptive: [] });
  });
});

describe("much data", () => {
  it("draws only the rows in view, and others as somebody scrolls", async () => {
    const rows = Array.from({ length: 50_000 }, (_, row) => [row, `row ${row}`]);
    const { container } = await draw("table", { columns: ["number", "name"], rows });
    expect(container.querySelectorAll("tbody tr").length).toBeLessThan(80);
    expect(screen.getByRole("table").getAttribute("aria-rowcount")).toBe("50001");
    const region = screen.getByRole("region");
    region.scrollTop = 33 * 40_000;
    fireEvent.scroll(region);
    expect(screen.getByText("row 40000")).toBeTruthy();
    expect(screen.queryByText("row 0")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /number/ }));
    await userEvent.click(screen.getByRole("button", { name: /number/ }));
    region.scrollTop = 0;
    fireEvent.scroll(region);
    expect(screen.getByText("row 49999")).toBeTruthy();
    expect(screen.getByRole("columnheader", { name: /number/ }).getAttribute("aria-sort")).toBe("descending");
  });

  it("draws only the lines in view", async () => {
    const lines = Array.from({ length: 100_000 }, (_, line) => `line ${line}`);
    const { container } = await draw("log", { lines });
    expect(container.querySelectorAll("li").length).toBeLessThan(80);
    expect(screen.getByText("line 0").closest("li")?.getAttribute("aria-setsize")).toBe("100000");
    cleanup();
    const diff = await draw("diff", { before: "", after: lines.slice(0, 20_000).join("\n") });
    expect(diff.container.querySelectorAll("li").length).toBeLessThan(80);
  });

  it("draws a full chart as one shape for each series", async () => {
    const labels = Array.from({ length: 5_000 }, (_, place) => String(place));
    const series = Array.from({ length: 12 }, (_, index) => ({
      name: `s${index}`,
      values: labels.map((_, place) => place % (index + 2)),
    }));
    const { container } = await draw("chart", { kind: "line", labels, series });
    expect(container.querySelectorAll("svg path").length).toBe(12);
    expect(screen.getByRole("img").getAttribute("aria-label")).toContain("60,000 values");
  });
});

describe("charts for everybody", () => {
  it("says bars as a table", async () => {
    await draw("chart", examples.chart);
    expect(screen.getByRole("figure", { name: "sum price by city" })).toBeTruthy();
    expect(screen.getByRole("row", { name: /Berlin 1200.50/ })).toBeTruthy();
    expect(screen.getByRole("row", { name: /\(empty\) empty/ })).toBeTruthy();
    expect(screen.getByText(/lowest 412.25 \(Oslo\) · highest 1200.50 \(Berlin\) · 1 without a value/)).toBeTruthy();
  });

  it("has a table beside a histogram", async () => {
    await draw("chart", { ...examples.chart, kind: "histogram" });
    await userEvent.click(screen.getByText("As a table"));
    expect(screen.getByRole("cell", { name: "1200.50" })).toBeTruthy();
  });
});
