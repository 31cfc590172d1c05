import { screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { changed, object, sent, start, submit } from "./page";

beforeEach(() => {
  sent.mockClear();
  changed.mockClear();
});

describe("a number", () => {
  test("that is none stays in its field and is not sent", async () => {
    const user = start(object({ n: { type: "integer", minimum: 1 } }));
    const field = screen.getByRole<HTMLInputElement>("textbox", { name: "N" });
    await user.type(field, "1,5");
    expect(field.value).toBe("1,5");
    expect(screen.getByText("Write a number, such as 12 or 1.5.")).toBeDefined();
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    await user.clear(field);
    await user.type(field, "1.5");
    expect(screen.getByText("This has to be a whole number.")).toBeDefined();
    await user.clear(field);
    await user.type(field, "0");
    expect(screen.getByText("At least 1.")).toBeDefined();
    await user.clear(field);
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({});
  });

  test("is never rounded", async () => {
    const user = start(object({ n: { type: "integer" } }));
    const field = screen.getByRole<HTMLInputElement>("textbox", { name: "N" });
    await user.type(field, "9007199254740993");
    expect(field.value).toBe("9007199254740993");
    expect(screen.getByText("This number has more digits than can be kept. Write a shorter one.")).toBeDefined();
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    expect(changed.mock.lastCall).toEqual([{}]);
    await user.type(field, "{Backspace}");
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ n: 900719925474099 });
  });

  test("keeps how it was written while it is the same number", async () => {
    const user = start(object({ n: { type: "number" } }));
    await user.type(screen.getByRole("textbox", { name: "N" }), "1.50");
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "N" }).value).toBe("1.50");
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ n: 1.5 });
  });
});

describe("a choice", () => {
  const options = {
    oneOf: [
      { const: 1, title: "One" },
      { const: [2], title: "Two" },
    ],
  };

  test("sends values, not labels", async () => {
    const user = start(object({ c: options, d: { enum: ["x", "y"] } }, { required: ["c"] }), {
      ui: { fields: { "/d": { widget: "radio", label: "Which" } } },
    });
    await user.selectOptions(screen.getByRole("combobox", { name: "C (required)" }), "Two");
    await user.click(within(screen.getByRole("group", { name: "Which" })).getByRole("radio", { name: "y" }));
    await submit(user);
    expect(sent).toHaveBeenCalledExactlyOnceWith({ c: [2], d: "y" });
    await user.click(screen.getByRole("radio", { name: "No choice" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ c: [2] });
  });

  test("shows a value that is none of its options", async () => {
    const user = start(object({ c: options }), { value: { c: 7 } });
    expect(screen.getByRole<HTMLSelectElement>("combobox").selectedOptions[0]?.textContent).toBe("7 (not a choice)");
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
  });

  test("of several is a group of boxes", async () => {
    const user = start(object({ c: { type: "array", uniqueItems: true, items: { enum: ["a", "b", "c"] } } }));
    await user.click(screen.getByRole("checkbox", { name: "c" }));
    await user.click(screen.getByRole("checkbox", { name: "a" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ c: ["c", "a"] });
    await user.click(screen.getByRole("checkbox", { name: "a" }));
    await user.click(screen.getByRole("checkbox", { name: "c" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({});
  });

  test("of null is offered beside the field", async () => {
    const user = start(object({ a: { type: ["string", "null"], title: "Name" } }));
    await user.type(screen.getByRole("textbox", { name: "Name" }), "x");
    await user.click(screen.getByRole("checkbox", { name: "Name: No value (null)" }));
    expect(screen.queryByRole("textbox")).toBeNull();
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ a: null });
    await user.click(screen.getByRole("checkbox", { name: "Name: No value (null)" }));
    expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Name" }).value).toBe("");
  });

  test("of yes or no says what it sends", async () => {
    const user = start(object({ a: { type: "boolean" }, b: { type: "boolean" } }, { required: ["a"] }), {
      ui: { fields: { "/b": { widget: "switch" } } },
    });
    expect(screen.getByRole<HTMLInputElement>("checkbox", { name: "A" }).checked).toBe(false);
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ a: false });
    await user.click(screen.getByRole("switch", { name: "B" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ a: false, b: true });
  });
});

describe("a list", () => {
  const numbers = object({ n: { type: "array", maxItems: 3, items: { type: "integer" } } });

  test("gets rows, loses them and moves them, by keyboard alone", async () => {
    const user = start(numbers);
    const add = screen.getByRole<HTMLButtonElement>("button", { name: "Add a row" });
    add.focus();
    await user.keyboard("{Enter}");
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "N, row 1" })));
    await user.keyboard("1");
    await user.click(add);
    await user.click(add);
    expect(add.disabled).toBe(true);
    await user.type(screen.getByRole("textbox", { name: "N, row 2" }), "2");
    // Half typed: it moves with its row.
    await user.type(screen.getByRole("textbox", { name: "N, row 3" }), "x");
    await submit(user);
    expect(sent).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Move row 3 up" }));
    expect(screen.getAllByRole<HTMLInputElement>("textbox").map((field) => field.value)).toEqual(["1", "x", "2"]);
    expect(screen.getByRole("status").textContent).toBe("Now row 2.");
    await user.click(screen.getByRole("button", { name: "Remove row 2" }));
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "Remove row 2" })));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ n: [1, 2] });
    await user.click(screen.getByRole("button", { name: "Remove row 1" }));
    await user.click(screen.getByRole("button", { name: "Remove row 1" }));
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({});
  });

  test("says what is wrong in its rows", async () => {
    const user = start(numbers);
    await user.click(screen.getByRole("button", { name: "Add a row" }));
    await submit(user);
    await user.click(screen.getByRole("link", { name: "N, row 1: Fill this in." }));
    expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "N, row 1" }));
  });

  test("of tags takes Enter, a paste of lines, and what is still in the field", async () => {
    const user = start(object({ t: { type: "array", items: { type: "string", pattern: "^[a-z ]+$" } } }), {
      ui: { fields: { "/t": { widget: "tags", label: "Tags" } } },
    });
    const field = screen.getByRole("textbox", { name: "Tags" });
    await user.type(field, "one two{Enter}");
    await user.click(field);
    await user.paste("three\nfour\n\n");
    await user.click(screen.getByRole("button", { name: "Remove three" }));
    await user.type(field, "five");
    await submit(user);
    expect(sent).toHaveBeenLastCalledWith({ t: ["one two", "four", "five"] });
    await user.type(field, "SIX{Enter}");
    await submit(user);
    expect(sent).toHaveBeenCalledTimes(1);
    expect(screen.getByText("row 4: This does not have the wanted form: ^[a-z ]+$")).toBeDefined();
    expect(field.getAttribute("aria-invalid")).toBe("true");
  });
});

describe("text", () => {
  test("comes in the fields that its format and its author ask for", () => {
    start(
      object({
        mail: { type: "string", format: "email" },
        page: { type: "string", format: "uri", examples: ["https://example.com"] },
        day: { type: "string", format: "date" },
        old: { type: "string", format: "date" },
        at: { type: "string", format: "date-time" },
        long: { type: "string" },
        secret: { type: "string" },
        fixed: { type: "string", readOnly: true },
        gone: { type: "string" },
        lines: { type: "string" },
      }),
      {
        value: { old: "once", fixed: "x", lines: "a\nb" },
        ui: {
          order: ["secret"],
          fields: { "/long": { widget: "textarea" }, "/secret": { widget: "password" }, "/gone": { widget: "hidden" } },
        },
      },
    );
    const type = (name: string) => (screen.getByLabelText(name) as HTMLInputElement).type;
    expect(["Mail", "Page", "Day", "Old", "At", "Long", "Secret", "Lines"].map(type)).toEqual([
      "email",
      "url",
      "date",
      "text",
      "datetime-local",
      "textarea",
      "password",
      "textarea",
    ]);
    expect(screen.getByPlaceholderText("https://example.com")).toBe(screen.getByLabelText("Page"));
    expect((screen.getByLabelText("Fixed") as HTMLInputElement).readOnly).toBe(true);
    expect(screen.queryByLabelText("Gone")).toBeNull();
    expect(document.querySelector("input")).toBe(screen.getByLabelText("Secret"));
  });

  test("that is no text is edited as JSON", () => {
    start(object({ a: { type: "string" } }), { value: { a: { b: 1 } } });
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe('{\n  "b": 1\n}');
  });
});
