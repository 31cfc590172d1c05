import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import { line } from "@/live/line";
import { followQuestions } from "@/live/notify";
import ApprovalsPage from "@/pages/approvals/ApprovalsPage";
import { paperOikos, Refuse, renderScreen } from "../kit";
import { paperLine } from "../paper-line";

const RUN = "01890000-0000-7000-8000-000000000001";
const ID = "01890000-0000-7000-8000-00000000000a";

function permission(more: Partial<Extract<Schemas["Question"], { kind: "permission" }>> = {}): Schemas["Question"] {
  return {
    id: ID,
    run: RUN,
    app: "notes",
    sentence: { code: "ask_http_send", args: [{ bytes: 12 }, { text: "https://example.org/" }, { text: "POST" }] },
    asked_at: Date.now(),
    expires_at: Date.now() + 570_000,
    kind: "permission",
    line: "network",
    ...more,
  };
}
const page = { path: "/approvals", at: "/approvals" };
const nothing = { approval_list: { questions: [] }, log: { entries: [] } };

it("shows who asks what, what would leave and until when, with nothing chosen beforehand", async () => {
  const content = "POST https://example.org/\n\n<b>secret</b>\u202etxt.exe";
  const asked = paperOikos({
    ...nothing,
    approval_list: { questions: [permission({ content })] },
    approval_answer: null,
  });
  renderScreen(ApprovalsPage, page);
  const card = await screen.findByRole("article", { name: "Question of notes" });
  expect(card.textContent).toContain("notes wants to send 12 bytes to https://example.org/ (POST)");
  expect(card.textContent).toContain("Without an answer it is a no, in 9 min");
  expect(within(card).getByRole("region", { name: "What notes would send" }).textContent).toBe(
    "POST https://example.org/\n\n<b>secret</b>\\u{202e}txt.exe",
  );
  expect(card.textContent).toContain("“Always” sets the switch network to Allow, for this host alone.");
  expect(within(card).getByRole("link", { name: "To the run" }).getAttribute("href")).toBe(`/runs/${RUN}`);
  const names = within(card)
    .getAllByRole("button")
    .map((button) => button.getAttribute("aria-label"));
  expect(names).toEqual(["Once, notes", "For an hour, notes", "Always, notes", "No, notes"]);
  expect(within(card).getAllByRole("button")).not.toContain(document.activeElement);
  await userEvent.click(within(card).getByRole("button", { name: "For an hour, notes" }));
  await within(card).findByText("You said yes, for an hour.");
  expect(within(card).queryByRole("button")).toBeNull();
  expect(asked.find(({ operation }) => operation === "approval_answer")).toMatchObject({
    path: [ID],
    body: { choice: "hour" },
  });
});

it("offers no lasting yes for what is asked each time", async () => {
  const sentence = { code: "ask_file_write_executable", args: [{ text: "/home/me/.bashrc" }] };
  paperOikos({ ...nothing, approval_list: { questions: [permission({ sentence, line: "file.write" })] } });
  renderScreen(ApprovalsPage, page);
  const card = await screen.findByRole("article");
  expect(
    within(card)
      .getAllByRole("button")
      .map(({ textContent }) => textContent),
  ).toEqual(["Once", "No"]);
  expect(card.textContent).toContain("This is asked each time, whatever you allow.");
});

it("hears of questions over the line, and says when one was answered elsewhere", async () => {
  paperOikos(nothing);
  const told = paperLine();
  renderScreen(ApprovalsPage, page);
  await screen.findByText("No app is waiting for an answer");
  told.ask(permission());
  expect(screen.getByRole("article", { name: "Question of notes" })).toBeTruthy();
  told.settle(ID);
  expect(screen.queryByRole("article")).toBeNull();
  expect(screen.getByText("The question of notes needs no answer any more.")).toBeTruthy();
});

it("says on the card what went wrong, and that somebody else was quicker", async () => {
  let refusal = new Refuse(500, "internal", "the store is full", "make room");
  paperOikos({ ...nothing, approval_list: { questions: [permission()] }, approval_answer: () => refusal });
  renderScreen(ApprovalsPage, page);
  await userEvent.click(await screen.findByRole("button", { name: "No, notes" }));
  expect((await screen.findByRole("alert")).textContent).toContain("the store is full");
  refusal = new Refuse(404, "not_found", "there is no open question of this id");
  await userEvent.click(screen.getByRole("button", { name: "No, notes" }));
  expect(await screen.findByText(/needs no answer any more: it was answered elsewhere/)).toBeTruthy();
});

it("takes the path of what an app wants to have, and only a whole one", async () => {
  const { id, run, app, asked_at, expires_at } = permission();
  const sentence = { code: "ask_pick_folder_write", args: [{ text: "reports" }] };
  const question = {
    id,
    run,
    app,
    asked_at,
    expires_at,
    sentence,
    kind: "pick" as const,
    access: "write" as const,
    folder: true,
  };
  const asked = paperOikos({ ...nothing, approval_list: { questions: [question] }, approval_answer: null });
  renderScreen(ApprovalsPage, page);
  const path = await screen.findByRole("textbox", { name: "Path of the folder" });
  await userEvent.type(path, "reports");
  await userEvent.click(screen.getByRole("button", { name: "Give, notes" }));
  expect(path.getAttribute("aria-invalid")).toBe("true");
  await userEvent.clear(path);
  await userEvent.type(path, "/home/me/reports{Enter}");
  await within(screen.getByRole("article")).findByText("You gave it, for this run.");
  expect(asked.filter(({ operation }) => operation === "approval_answer").map(({ body }) => body)).toEqual([
    { choice: "once", path: "/home/me/reports" },
  ]);
});

it("lists what was answered lately with what was asked", async () => {
  const record = { app: "notes", run: RUN, at: Date.now(), door: "page" as const };
  const hash = "a".repeat(64);
  const what = { sentence: { code: "ask_file_write", args: [{ text: "/tmp/\u202ea" }] } };
  const entries = [
    { seq: 1, hash, record: { ...record, event: "asked" as const, sentence: { code: "asked", args: [what] } } },
    { seq: 2, hash, record: { ...record, event: "answered" as const, sentence: { code: "answered_no" } } },
  ];
  paperOikos({ ...nothing, log: { entries } });
  renderScreen(ApprovalsPage, page);
  const said = await screen.findByText(/asked you whether it may write to/);
  expect(said.closest("li")?.textContent).toContain("write to /tmp/\\u{202e}a: you said no");
});

it("speaks German", async () => {
  paperOikos({ ...nothing, approval_list: { questions: [permission()] } });
  renderScreen(ApprovalsPage, { ...page, language: "de" });
  expect(await screen.findByRole("heading", { level: 1, name: "Freigaben" })).toBeTruthy();
  expect(await screen.findByRole("button", { name: "Eine Stunde lang, notes" })).toBeTruthy();
});

it("counts open questions in the title, and notifies only who wanted it and looks elsewhere", async () => {
  const made: { title: string; options: NotificationOptions }[] = [];
  class Paper {
    static permission = "default";
    static requestPermission = vi.fn(async () => (Paper.permission = "granted"));
    onclick: (() => void) | null = null;
    constructor(title: string, options: NotificationOptions) {
      made.push({ title, options });
    }
    close(): void {}
  }
  vi.stubGlobal("Notification", Paper);
  paperOikos(nothing);
  const told = paperLine();
  document.title = "Approvals · oikos";
  const end = followQuestions();
  const { unmount } = renderScreen(ApprovalsPage, page);
  const wanted = await screen.findByRole("switch", { name: "Tell me on this device when an app asks" });
  expect(Paper.requestPermission).not.toHaveBeenCalled();
  await userEvent.click(wanted);
  await waitFor(() => expect(wanted).toHaveProperty("checked", true));
  told.ask(permission());
  expect(made).toEqual([]);
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  told.ask(permission({ id: RUN, sentence: { code: "ask_feature", args: [{ text: "secret words" }] } }));
  expect(made.map(({ title }) => title)).toEqual(["notes asks you something"]);
  expect(JSON.stringify(made)).not.toContain("secret words");
  expect(document.title).toBe("(2) Approvals · oikos");
  document.title = "Runs · oikos";
  await waitFor(() => expect(document.title).toBe("(2) Runs · oikos"));
  told.settle(ID);
  told.settle(RUN);
  expect(document.title).toBe("Runs · oikos");
  hidden.mockRestore();
  unmount();
  end();
  act(() => line.stop());
});

const FORM = {
  type: "object",
  properties: {
    name: { type: "string", title: "Your name", minLength: 2 },
    size: {
      type: "string",
      title: "Size",
      oneOf: [
        { const: "s", title: "Small" },
        { const: "l", title: "Large" },
      ],
    },
    count: { type: "integer", title: "How many", minimum: 1, maximum: 9, default: 1 },
    gift: { type: "boolean", title: "As a gift" },
  },
  required: ["name", "size"],
  additionalProperties: false,
};

type OfServer = { kind: "form"; message: string; schema: unknown } | { kind: "open"; message: string; url: string };

function ofServer(asks: OfServer): Schemas["Question"] {
  const { id, run, asked_at, expires_at } = permission();
  const [code, text] = asks.kind === "form" ? ["ask_form", "node server.mjs"] : ["ask_open", "pay.example.org"];
  return { id, run, app: "asker", asked_at, expires_at, sentence: { code, args: [{ text }] }, ...asks };
}
const answersOf = (asked: ReturnType<typeof paperOikos>) =>
  asked.filter(({ operation }) => operation === "approval_answer").map(({ body }) => body);

it("draws what a server wants to know, says who gets it, and sends only what fits", async () => {
  const question = ofServer({ kind: "form", message: "What shall\nit be?\u202e", schema: FORM });
  const asked = paperOikos({ ...nothing, approval_list: { questions: [question] }, approval_answer: null });
  renderScreen(ApprovalsPage, page);
  const card = await screen.findByRole("article", { name: "Question of asker" });
  expect(card.textContent).toContain("what you fill in goes to its server, node server.mjs, for a stranger to read");
  expect(card.textContent).toContain("The server of asker says:What shall\nit be?\\u{202e}");
  const form = within(card).getByRole("group", { name: "Form of asker" });
  // What is needed comes first.
  expect(within(form).getAllByRole("textbox")[0]).toBe(within(form).getByRole("textbox", { name: /Your name/ }));
  const count = within(form).getByRole("textbox", { name: "How many" });
  expect((count as HTMLInputElement).value).toBe("1");
  await userEvent.type(within(form).getByRole("textbox", { name: /Your name/ }), "A{Enter}");
  expect(answersOf(asked)).toEqual([]);
  expect(
    within(form)
      .getByRole("textbox", { name: /Your name/ })
      .getAttribute("aria-invalid"),
  ).toBe("true");
  await userEvent.type(within(form).getByRole("textbox", { name: /Your name/ }), "da");
  await userEvent.selectOptions(within(form).getByRole("combobox", { name: /Size/ }), "Large");
  await userEvent.click(within(form).getByRole("button", { name: "Send" }));
  await within(card).findByText("You filled it in, and it was sent.");
  expect(answersOf(asked)).toEqual([{ choice: "once", filled: { name: "Ada", size: "l", count: 1 } }]);
});

it.each([
  ["No, asker", "no", "You said no."],
  ["Leave unanswered, asker", "cancel", "You left it unanswered."],
])("gives a server nothing: %s", async (name, choice, said) => {
  const question = ofServer({ kind: "form", message: "", schema: FORM });
  const asked = paperOikos({ ...nothing, approval_list: { questions: [question] }, approval_answer: null });
  renderScreen(ApprovalsPage, page);
  await userEvent.click(await screen.findByRole("button", { name }));
  await within(screen.getByRole("article")).findByText(said);
  expect(answersOf(asked)).toEqual([{ choice }]);
});

it("shows an address with its host, and opens it in a tab that knows nothing of this one", async () => {
  const url = "https://pay.example.org/order?id=7";
  const asked = paperOikos({
    ...nothing,
    approval_list: { questions: [ofServer({ kind: "open", message: "Pay there, please", url })] },
    approval_answer: null,
  });
  renderScreen(ApprovalsPage, page);
  const card = await screen.findByRole("article", { name: "Question of asker" });
  expect(card.textContent).toContain(url);
  const link = within(card).getByRole("link", { name: "Open pay.example.org" });
  expect([link.getAttribute("href"), link.getAttribute("rel"), link.getAttribute("target")]).toEqual([
    url,
    "noopener noreferrer",
    "_blank",
  ]);
  await userEvent.click(link);
  await within(card).findByText("You said that you open it.");
  expect(answersOf(asked)).toEqual([{ choice: "once" }]);
});

it("gives no link to what is no address of the web", async () => {
  const question = ofServer({ kind: "open", message: "", url: "javascript:alert(1)" });
  paperOikos({ ...nothing, approval_list: { questions: [question] } });
  renderScreen(ApprovalsPage, page);
  const card = await screen.findByRole("article", { name: "Question of asker" });
  expect(within(card).queryByRole("link", { name: /Open/ })).toBeNull();
  expect(within(card).getByRole("button", { name: "No, asker" })).toBeTruthy();
});
