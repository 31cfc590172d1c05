/* oxlint-disable unicorn/no-thenable -- JSON Schema has a keyword of that name. */
import axe from "axe-core";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { render, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import type { FormHints } from "@/forms/SchemaForm";
import { changed, object, Page, sent, start, submit } from "./page";

beforeEach(() => {
  sent.mockClear();
  changed.mockClear();
});

describe("a form", () => {
  test("says what is wrong at the top and at the field, and leads there", async () => {
    const user = start(object({ name: { type: "string", minLength: 3, title: "Your name" } }, { required: ["name"] }));
    const field = screen.getByRole("textbox", { name: "Your name (required)" });
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    const summary = screen.getByRole("alert", { name: "There is one problem" });
    expect(document.activeElement).toBe(summary);
    await user.click(within(summary).getByRole("link", { name: "Your name: Fill this in." }));
    expect(document.activeElement).toBe(field);
    expect(location.hash).toBe("");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    const described = (field.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .map((id) => document.getElementById(id));
    expect(described.map((element) => element?.textContent)).toEqual(["", "Fill this in."]);
    await user.type(field, "Al");
    expect(described[1]?.textContent).toBe("At least 3 characters.");
    await user.type(field, "ex");
    expect(described[1]?.textContent).toBe("");
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ name: "Alex" });
    expect(screen.queryByRole("alert")).toBeNull();
  });

  test("is sent with Enter and speaks German", async () => {
    const user = start(object({ name: { type: "string" } }, { required: ["name"] }), { language: "de" });
    await user.type(screen.getByRole("textbox", { name: "Name (nötig)" }), "{Enter}");
    expect(screen.getByRole("alert", { name: "Es gibt ein Problem" })).toBeDefined();
    await user.type(screen.getByRole("textbox", { name: "Name (nötig)" }), "x{Enter}");
    expect(sent).toHaveBeenCalledExactlyOnceWith({ name: "x" });
  });

  test("leaves out what was emptied, unless empty is an answer", async () => {
    const user = start(object({ a: { type: "string" }, b: { type: "string", minLength: 0 } }), {
      value: { a: "x", b: "y" },
    });
    await user.clear(screen.getByRole("textbox", { name: "A" }));
    await user.clear(screen.getByRole("textbox", { name: "B" }));
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ b: "" });
  });

  test("shows what the server said until the place is changed", async () => {
    const user = start(object({ a: { type: "string" }, b: { type: "string" } }), {
      value: { a: "x", b: "y" },
      problems: { "/a": ["there is no such note"], "": ["too much"] },
    });
    const summary = screen.getByRole("alert", { name: "There are 2 problems" });
    expect(document.activeElement).toBe(summary);
    expect(within(summary).getByRole("link", { name: "A: there is no such note" })).toBeDefined();
    expect(within(summary).getByRole("link", { name: "The whole form: too much" })).toBeDefined();
    const field = screen.getByRole("textbox", { name: "A" });
    expect(field.getAttribute("aria-invalid")).toBe("true");
    await user.type(screen.getByRole("textbox", { name: "B" }), "z");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    await user.type(field, "z");
    expect(field.getAttribute("aria-invalid")).toBeNull();
  });

  test("says where it cannot check, and sends all the same", async () => {
    const user = start(object({ any: { unevaluatedProperties: false } }), { value: { any: { a: 1 } } });
    expect(screen.getByRole("textbox", { name: "Any" }).getAttribute("aria-describedby")).toContain("help");
    expect(screen.getByText("Not checked here; it is checked when you start.")).toBeDefined();
    expect(screen.getByText("Some of this can only be checked when you start.")).toBeDefined();
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ any: { a: 1 } });
  });

  test("is one place for JSON where its fields would not be all that counts", async () => {
    const schema = object({ a: { type: "string" } }, { unevaluatedProperties: false });
    const user = start(schema, { value: { a: "x" } });
    expect(screen.queryByRole("textbox", { name: "A" })).toBeNull();
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe('{\n  "a": "x"\n}');
    expect(screen.getByText("Some of this can only be checked when you start.")).toBeDefined();
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ a: "x" });
  });

  test("shows an author's hidden characters", () => {
    start(object({ a: { type: "string", title: "safe\u202Eelif" } }));
    expect(screen.getByRole("textbox", { name: "safe\\u{202e}elif" })).toBeDefined();
  });

  test("for a schema of nothing is JSON", async () => {
    const user = start({}, { value: undefined });
    await user.clear(screen.getByRole("textbox"));
    await user.type(screen.getByRole("textbox"), "[[[[1]");
    expect(screen.getByText("This is not JSON yet.")).toBeDefined();
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    await user.type(screen.getByRole("textbox"), "]");
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith([[1]]);
  });

  test("does nothing while it is disabled", async () => {
    start(object({ a: { type: "string" }, c: { type: "boolean" } }), { isDisabled: true });
    expect(screen.getByRole<HTMLInputElement>("checkbox").disabled).toBe(true);
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(true);
  });
});

describe("a group", () => {
  test("that is not required is there when it is added", async () => {
    const inner = object(
      { a: { type: "string" }, b: { type: "integer", default: 2 } },
      { required: ["a"], title: "More" },
    );
    const user = start(object({ g: inner }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({});
    await user.click(screen.getByRole("button", { name: "Add More" }));
    await submit(user);
    expect(screen.getByRole("link", { name: "A: Fill this in." })).toBeDefined();
    await user.type(
      within(screen.getByRole("group", { name: "More" })).getByRole("textbox", { name: "A (required)" }),
      "x",
    );
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ g: { a: "x", b: 2 } });
    await user.click(screen.getByRole("button", { name: "Remove More" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({});
  });

  test("shows the fields that an answer brings, and sends only those", async () => {
    const schema = object(
      { pay: { enum: ["card", "cash"] } },
      {
        if: { properties: { pay: { const: "card" } }, required: ["pay"] },
        then: { properties: { number: { type: "string" } }, required: ["number"] },
      },
    );
    const user = start(schema);
    expect(screen.queryByRole("textbox")).toBeNull();
    await user.selectOptions(screen.getByRole("combobox"), "card");
    await user.type(screen.getByRole("textbox", { name: "Number (required)" }), "12");
    await user.selectOptions(screen.getByRole("combobox"), "cash");
    expect(screen.queryByRole("textbox")).toBeNull();
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ pay: "cash" });
    await user.selectOptions(screen.getByRole("combobox"), "card");
    expect(screen.getByRole<HTMLInputElement>("textbox").value).toBe("12");
  });

  test("of itself grows only as far as the person goes", async () => {
    const user = start(object({ next: { $ref: "#" }, a: { type: "string" } }));
    await user.click(screen.getByRole("button", { name: "Add Next" }));
    await user.type(screen.getAllByRole("textbox", { name: "A" })[0] as HTMLElement, "x");
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ next: { a: "x" } });
  });

  test("that asks for itself is drawn only as far as its value goes", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
    const refs = Object.fromEntries(names.map((name) => [name, { $ref: "#" }]));
    start(object({ ...refs, a: { type: "string" } }, { required: names }), { value: { n0: {} } });
    expect(screen.getAllByRole("textbox")).toHaveLength(2);
    expect(screen.getAllByRole("button", { name: /^Add N/ })).toHaveLength(39);
  });

  test("shows what it holds besides its fields", async () => {
    const user = start(object({ a: { type: "string" } }, { additionalProperties: false }), { value: { old: [1] } });
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Remove old" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({});
  });

  test("with fields called like parts of every object works like any other", async () => {
    const user = start(
      JSON.parse(
        '{"type": "object", "properties": {"__proto__": {"type": "string"}, "constructor": {"type": "string"}}}',
      ),
    );
    await user.type(screen.getByRole("textbox", { name: "Proto" }), "x");
    await user.type(screen.getByRole("textbox", { name: "Constructor" }), "y");
    await submit(user);
    expect(JSON.stringify(sent.mock.lastCall?.[0])).toBe('{"__proto__":"x","constructor":"y"}');
  });
});

describe("the official apps", () => {
  const read = (app: string, file: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, "../../../../apps", app, file), "utf8")) as Record<
      string,
      unknown
    >;

  test("csv-insights takes the file from the page", async () => {
    const { input } = read("csv-insights", "action-schema.json")["group"] as { input: unknown };
    const user = start(input, {
      ui: read("csv-insights", "ui-schema.json")["group"] as FormHints,
      renderFile: ({ id, name, access, isFolder, describedBy, onChange }) => (
        <button id={id} type="button" aria-describedby={describedBy} onClick={() => onChange("prices.csv")}>
          {`${name} ${access} ${isFolder}`}
        </button>
      ),
    });
    await user.click(screen.getByRole("button", { name: "Group" }));
    await user.click(screen.getByRole("link", { name: "Table: Fill this in." }));
    await user.keyboard("{Enter}");
    expect(screen.getByText("data read false")).toBeDefined();
    await user.type(screen.getByRole("textbox", { name: "Group by (required)" }), "city{Enter}");
    await user.click(screen.getByRole("button", { name: "Group" }));
    expect(sent).toHaveBeenCalledExactlyOnceWith({
      data: "prices.csv",
      by: ["city"],
      measures: ["count"],
      limit: 1000,
      header: true,
    });
  });

  test.each(["csv-insights", "daily-note", "notes", "page-watch"])("%s has no field that falls back to JSON", (app) => {
    const actions = read(app, "action-schema.json") as Record<string, { input: unknown }>;
    for (const { input } of Object.values(actions)) {
      const { unmount } = render(<Page schema={input} />);
      expect(screen.queryByText("Written as JSON.")).toBeNull();
      expect(screen.queryByText("Some of this can only be checked when you start.")).toBeNull();
      unmount();
    }
  });
});

describe("every kind of field", () => {
  const schema = object(
    {
      text: { type: "string", description: "Some help." },
      number: { type: "number", minimum: 0, maximum: 9 },
      yes: { type: "boolean" },
      on: { type: "boolean" },
      one: { enum: ["a", "b"] },
      either: { enum: ["a", "b"] },
      some: { type: "array", uniqueItems: true, items: { enum: ["a", "b"] } },
      tags: { type: "array", items: { type: "string" } },
      rows: { type: "array", items: object({ a: { type: "string" } }, { required: ["a"] }) },
      group: object({ a: { type: ["string", "null"] } }),
      color: { type: "string" },
      json: { unevaluatedItems: false },
    },
    { required: ["text", "group", "either"], additionalProperties: false },
  );
  const fields = {
    "/number": { widget: "slider" },
    "/on": { widget: "switch" },
    "/either": { widget: "radio" },
    "/tags": { widget: "tags" },
    "/color": { widget: "color" },
  };
  const value = { tags: ["x"], rows: [{}, { a: "y" }], group: { a: null }, json: [1], left: 1 };

  test("passes the checks of axe, before and after a failed submit", async () => {
    const user = start(schema, { value, ui: { fields } });
    const check = async () => {
      const { violations, passes } = await axe.run(document.body, {
        // jsdom draws nothing, and the page around the form has the landmarks.
        rules: {
          "color-contrast": { enabled: false },
          region: { enabled: false },
          "heading-order": { enabled: false },
        },
      });
      expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
      expect(passes.length).toBeGreaterThan(10);
    };
    await check();
    await submit(user);
    expect(screen.getByRole("alert", { name: "There are 4 problems" })).toBeDefined();
    await check();
  });

  test("is named, and no name stands for two", () => {
    start(schema, { value, ui: { fields } });
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const described of document.querySelectorAll("[aria-describedby]"))
      for (const id of (described.getAttribute("aria-describedby") ?? "").split(" ")) expect(ids).toContain(id);
  });
});
