import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import ImportPage from "@/pages/servers/import/ImportPage";
import { paperOikos, Refuse, renderScreen, Stream, type Ask } from "../../kit";
import { card, detail, fileLine, networkLine } from "../cards";
import { deceptiveIn, HOSTILE } from "./servers";

type Found = Schemas["ImportView"];
type Answers = Parameters<typeof paperOikos>[0];

const offerId = (place: number) => `0190a1b2-0000-7000-8000-00000000000${place}`;
const found = (app: string, more: Partial<Found> = {}): Found => ({
  app,
  title: app,
  action: "install",
  sources: [`Claude Desktop: /home/ada/claude.json:3 (user)`],
  is_disabled_there: false,
  place: `/usr/bin/node /home/ada/${app}/server.js`,
  asks: [],
  settings: [],
  warnings: [],
  refusals: [],
  ...more,
});
const imports = (servers: Found[], more: Partial<Schemas["ImportsView"]> = {}) => ({
  imports: { servers, faults: [], files: ["Claude Desktop: /home/ada/claude.json"], ...more },
});
const step = (code: string, app: string) => ({ frame: "step", sentence: { code, args: [{ text: app }] }, done: 0 });
const offered = (app: string, place: number, more: Partial<Schemas["Card"]> = {}, notes: string[] = []) =>
  new Stream([
    step("progress_pinning", app),
    {
      frame: "done",
      reply: {
        reply: "imported",
        imported: { offer: offerId(place), card: card({ app, title: app, lines: [], ...more }), notes },
      },
    },
  ]);
const failed = (message: string, hint?: string) =>
  new Stream([{ frame: "failed", failure: { code: "program_failed", message, ...(hint ? { hint } : {}) } }]);
const installed = (app: string) =>
  new Stream([
    { frame: "step", sentence: { code: "progress_snapshot" }, done: 0 },
    { frame: "done", reply: { reply: "installed", app: detail({ name: app, title: app, enabled: false }) } },
  ]);
const appOf = ({ body }: Ask) => (body as { app: string }).app;

const draw = (language: "en" | "de" = "en", at = "/servers/-/import") =>
  renderScreen(ImportPage, { path: "/servers/-/import", at, language });
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const box = (app: string) => screen.getByRole<HTMLInputElement>("checkbox", { name: `Import ${app}` });
const cardOf = (app: string) => within(box(app).closest("li") as HTMLElement);
const heading = (name: string) => screen.findByRole("heading", { level: 2, name });

async function look(servers: Found[], answers: Answers = {}, more: Partial<Schemas["ImportsView"]> = {}) {
  const asked = paperOikos({ import_list: imports(servers, more), app_decline: null, ...answers });
  const drawn = draw();
  await userEvent.click(await screen.findByRole("button", { name: "Look at what your other programs have set up" }));
  await heading("What was found");
  return { asked, ...drawn };
}
const operations = (asked: readonly Ask[]) => asked.map(({ operation }) => operation);

describe("looking", () => {
  it("asks for nothing before somebody says so, and shows what each would become", async () => {
    const { asked } = await look([
      found("files", {
        package: "npm: @modelcontextprotocol/server-filesystem (latest)",
        asks: [
          { line: "file.read", targets: ["/home/ada/notes"], reason: "its arguments name it" },
          { line: "network", targets: [] },
          { line: "brand.new", targets: ["x"] },
        ],
        settings: [
          { name: "token", title: "TOKEN", is_secret: true, is_required: true, has_value: true },
          { name: "key", title: "KEY", is_secret: true, is_required: true, has_value: false },
          { name: "greeting", title: "GREETING", is_secret: false, is_required: false, has_value: true },
        ],
        warnings: [{ message: "it is old", hint: "take the new one" }],
      }),
      found("remote", { place: "https://mcp.example.org/mcp", action: "update" }),
      found("asleep", { is_disabled_there: true }),
      found("known", { action: "keep" }),
      found("shell", { action: "refuse", place: "", refusals: [{ message: "'sh' is given a line", hint: "name it" }] }),
    ]);
    expect(asked.map(({ body }) => body)).toEqual([{ source: { from: "clients" } }]);
    screen.getByText("2 new, 1 changed, 1 there already, 1 cannot be imported");
    expect(document.activeElement?.textContent).toBe("What was found");
    const files = cardOf("files");
    files.getByText("npm: @modelcontextprotocol/server-filesystem (latest)");
    files.getByText("/usr/bin/node /home/ada/files/server.js");
    files.getByText(/^Read files in/);
    files.getByText("its arguments name it");
    files.getByText(/^Talk to what you say on its card/);
    files.getByText(/^brand\.new/);
    files.getByText("a secret that moves to the vault", { exact: false });
    files.getByText("a secret that it needs from you (needed)", { exact: false });
    files.getByText("taken over", { exact: false });
    files.getByText("it is old");
    files.getByText("What you can do: take the new one");
    cardOf("remote").getByText("Would call");
    cardOf("remote").getByText("Changed");
    cardOf("shell").getByText("'sh' is given a line");
    // What is used and can be had is proposed; what is off there is not; the rest cannot be chosen, and says why.
    expect(["files", "remote", "asleep", "known", "shell"].map((app) => [box(app).checked, box(app).disabled])).toEqual(
      [
        [true, false],
        [true, false],
        [false, false],
        [false, true],
        [false, true],
      ],
    );
    expect(box("shell").getAttribute("aria-describedby")).toBeTruthy();
    expect(cardOf("known").getByRole("link").getAttribute("href")).toBe("/servers/known");
    screen.getByText("2 chosen");
    await userEvent.click(button("Choose none"));
    await userEvent.click(button("Continue with 0"));
    screen.getByText("Choose at least one.");
    await userEvent.click(button("Choose all"));
    screen.getByText("3 chosen");
  });

  it("shows nothing that deceives, and no markup, of what strangers wrote", async () => {
    const long = `${HOSTILE}${"x".repeat(5_000)}`;
    const notice = { message: long, hint: long };
    const { container } = await look(
      [
        found("evil", {
          title: long,
          sources: Array.from({ length: 60 }, () => long),
          package: long,
          place: long,
          asks: Array.from({ length: 60 }, () => ({ line: long, targets: [long, long], reason: long })),
          settings: Array.from({ length: 60 }, () => ({
            name: "x",
            title: long,
            is_secret: true,
            is_required: false,
            has_value: true,
          })),
          warnings: [notice],
          refusals: [notice],
          action: "refuse",
        }),
      ],
      {},
      { faults: [{ message: `${long}\nline` }], files: [long] },
    );
    expect(container.querySelector("script, img, a[href^=javascript]")).toBeNull();
    expect(deceptiveIn(container.textContent)).toEqual([]);
    expect(container.textContent?.length).toBeLessThan(60_000);
  });

  it("says what could not be read, that nothing was there, and why it did not come about", async () => {
    const { unmount } = await look([], {}, { faults: [{ message: "cursor.json:1:3: not JSON" }], files: [] });
    screen.getByText("No server was found");
    screen.getByText("cursor.json:1:3: not JSON");
    expect(screen.queryByRole("button", { name: /^Continue/ })).toBeNull();
    unmount();
    paperOikos({ import_list: new Refuse(403, "permission_denied", "not yours to name", "oikos app import --scan") });
    draw();
    await userEvent.click(button("Look at what your other programs have set up"));
    expect((await screen.findByRole("alert")).textContent).toContain("oikos app import --scan");
    await screen.findByRole("heading", { level: 2, name: "Where is it from?" });
  });

  it("takes 200 servers, draws those in view, and finds one of them", async () => {
    await look(Array.from({ length: 200 }, (_, place) => found(`server-${place}`)));
    screen.getByText("200 new");
    button("Continue with 200");
    expect(screen.getAllByRole("checkbox").length).toBeLessThan(30);
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "server-199" } });
    await waitFor(() => expect(screen.getAllByRole("checkbox")).toHaveLength(1));
    screen.getByText("1 of 200");
    await userEvent.click(box("server-199"));
    // What is not in view is chosen all the same.
    button("Continue with 199");
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "nowhere" } });
    await screen.findByText("Nothing that was found has that in its name or its place");
  });

  it("begins at the first step where nothing was looked at, whatever the address says", async () => {
    const asked = paperOikos({});
    draw("en", "/servers/-/import?step=cards");
    await heading("Where is it from?");
    expect(asked).toEqual([]);
  });
});

describe("what an author asks", () => {
  it("is answered before the import, and goes along with it", async () => {
    const folder = { name: "folder", title: "Notes", description: "Where they are", kind: "folder" as const };
    const token = { name: "token", title: "Token", kind: "text" as const, is_secret: true, is_required: false };
    const plain = { is_secret: false, is_required: true, takes_many: true };
    const open = found("weather", {
      action: "refuse",
      refusals: [{ message: "'Notes' has no value yet" }],
      questions: [
        { ...plain, ...folder, has_answer: false },
        { ...token, takes_many: false, has_answer: false },
      ],
    });
    const closed = found("weather", {
      questions: [
        { ...plain, ...folder, has_answer: true, answer: ["/home/ada/a", "/home/ada/b"] },
        { ...token, takes_many: false, has_answer: true },
      ],
    });
    const answers = { folder: ["/home/ada/a", "/home/ada/b"], token: ["s3cret"] };
    const { asked } = await look([], {
      import_list: ({ body }: Ask) => imports([(body as { answers?: object }).answers ? closed : open]),
      import_offer: ({ body }: Ask) => offered(appOf({ body } as Ask), 1),
    });
    const again = button("Look again with these answers");
    await userEvent.click(again);
    screen.getByText("It cannot do without this.");
    await userEvent.type(screen.getByLabelText("Notes"), "/home/ada/a{enter}/home/ada/b");
    await userEvent.type(screen.getByLabelText("Token"), "s3cret");
    await userEvent.click(again);
    await waitFor(() => expect(box("weather").checked).toBe(true));
    expect(asked[1]?.body).toEqual({ source: { from: "clients" }, answers });
    screen.getByText(/You have given it/);
    await userEvent.click(button("Continue with 1"));
    await heading("Import weather?");
    expect(asked.find(({ operation }) => operation === "import_offer")?.body).toEqual({
      source: { from: "clients" },
      app: "weather",
      answers,
    });
  });
});

describe("one server by hand", () => {
  const entry = async () => {
    const asked = paperOikos({ import_list: imports([found("mine", { is_disabled_there: true })]) });
    draw();
    await userEvent.click(screen.getByRole("radio", { name: "One server" }));
    return asked;
  };
  const field = (name: string) => screen.getByRole("textbox", { name });
  const send = () => userEvent.click(button("Look at this server"));

  it("is a command, shown word by word, with what it is given", async () => {
    const asked = await entry();
    await send();
    screen.getByText("Give it a name.");
    await userEvent.type(field("Name"), "mine");
    await send();
    screen.getByText("Say which program is started, and with what.");
    fireEvent.change(field("Command"), { target: { value: `npx -y "a b` } });
    await send();
    screen.getByText("A quote has no end.");
    fireEvent.change(field("Command"), { target: { value: `npx -y "a b" \u202e ''` } });
    expect(screen.getAllByRole("listitem").map((word) => word.textContent)).toEqual([
      "npx",
      "-y",
      "a b",
      "\\u{202e}",
      "an empty word",
    ]);
    await userEvent.click(button("Add one"));
    await userEvent.type(screen.getByLabelText("Value 1"), "sk-secret");
    expect(screen.getByLabelText("Value 1").getAttribute("type")).toBe("password");
    await send();
    screen.getByText("Each value needs a name.");
    await userEvent.type(field("Name 1"), "TOKEN");
    await userEvent.click(button("Add one"));
    await userEvent.type(field("Name 2"), "GONE");
    await userEvent.click(button("Remove GONE"));
    expect(document.activeElement?.textContent).toBe("Add one");
    expect(asked).toEqual([]);
    await send();
    await heading("What was found");
    expect(asked[0]?.body).toEqual({
      source: {
        from: "entry",
        name: "mine",
        entry: { command: "npx", args: ["-y", "a b", "\u202e", ""], env: { TOKEN: "sk-secret" } },
      },
    });
    // It was asked for by itself.
    expect(box("mine").checked).toBe(true);
  });

  it("says that no shell reads it", async () => {
    await entry();
    fireEvent.change(field("Command"), { target: { value: "curl x | sh" } });
    screen.getByText(/No shell reads this/);
  });

  it("is an address with headers", async () => {
    const asked = await entry();
    await userEvent.type(field("Name"), "mine");
    await userEvent.click(screen.getByRole("radio", { name: "By an address" }));
    await userEvent.type(field("Address"), "mcp.example.org");
    await send();
    screen.getByText("Give the whole address, from https:// on.");
    await userEvent.clear(field("Address"));
    await userEvent.type(field("Address"), "https://mcp.example.org/mcp");
    await send();
    await heading("What was found");
    expect(asked[0]?.body).toEqual({
      source: { from: "entry", name: "mine", entry: { type: "http", url: "https://mcp.example.org/mcp", headers: {} } },
    });
  });

  it("is a file, by its whole path", async () => {
    const asked = paperOikos({ import_list: imports([found("mine")]) });
    draw();
    await userEvent.click(screen.getByRole("radio", { name: "A file" }));
    await userEvent.type(field("Path of the file"), "weather.mcpb{Enter}");
    screen.getByText("Give the whole path, from / on.");
    await userEvent.clear(field("Path of the file"));
    await userEvent.type(field("Path of the file"), "/home/ada/weather.mcpb{Enter}");
    await heading("What was found");
    expect(asked[0]?.body).toEqual({ source: { from: "file", path: "/home/ada/weather.mcpb" } });
  });
});

describe("one card after the other", () => {
  it("says how far it is, shows the card with the folders that were set up, and installs exactly that", async () => {
    let tell: (event: string) => void = () => {};
    const folders = ["/home/ada/notes"];
    const line = fileLine({ scope: { scope: "file", access: "read", folders }, state: "allow" });
    const { asked } = await look([found("files")], {
      import_offer: () =>
        new Response(
          new ReadableStream({
            start(control) {
              const encoder = new TextEncoder();
              tell = (event) => {
                if (event === "") control.close();
                else control.enqueue(encoder.encode(`data: ${event}\n\n`));
              };
            },
          }),
        ),
      app_install: () => installed("files"),
    });
    await userEvent.click(button("Continue with 1"));
    await heading("Getting files ready");
    expect(document.activeElement?.textContent).toBe("Getting files ready");
    await act(async () => tell(JSON.stringify(step("progress_pinning", `files${HOSTILE}`))));
    await screen.findByText(/^finding the one version of everything that files<script>/);
    const imported = {
      offer: offerId(1),
      card: card({ app: "files", lines: [line, networkLine()] }),
      notes: [HOSTILE],
    };
    await act(async () => {
      tell(JSON.stringify({ frame: "done", reply: { reply: "imported", imported } }));
      tell("");
    });
    await heading("Import files?");
    expect(document.body.querySelector("main script, main img")).toBeNull();
    expect(deceptiveIn(document.body.textContent)).toEqual([]);
    screen.getByText("/home/ada/notes");
    screen.getByText("read files in /home/ada/notes");
    expect(screen.queryByText("Its author proposes:")).toBeNull();
    await userEvent.click(button("Install"));
    await heading("What came of it");
    const install = asked.find(({ operation }) => operation === "app_install");
    expect(install?.path).toEqual([offerId(1)]);
    expect((install?.body as { choices: object[] } | undefined)?.choices).toContainEqual({
      line: "file.read",
      state: "allow",
      target: "/home/ada/notes",
    });
    expect(operations(asked)).not.toContain("app_decline");
    screen.getByText("1 imported");
    expect(screen.getByRole("link", { name: "Look at its tools: files" }).getAttribute("href")).toBe("/servers/files");
    screen.getByText("files is imported and switched off.");
  });

  it("lets none be held up by another: each says how it went, and can be tried again", async () => {
    let isMended = false;
    const { asked } = await look([found("broken"), found("late"), found("good"), found("unwanted")], {
      import_offer: (ask: Ask) => {
        const app = appOf(ask);
        if (app === "broken" && !isMended) return failed("no such package", "write its name anew");
        return offered(app, ["broken", "late", "good", "unwanted"].indexOf(app) + 1);
      },
      app_install: ({ path }: Ask) => (path[0] === offerId(2) ? failed("the disk is full") : installed("good")),
    });
    await userEvent.click(button("Continue with 4"));
    await heading("Import late?");
    screen.getByText("broken could not be imported.");
    const others = within(screen.getByRole("region", { name: "All that you chose" }));
    expect(others.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
      "brokenFailed",
      "lateNow",
      "goodWaits",
      "unwantedWaits",
    ]);
    await userEvent.click(button("Install"));
    await heading("Import good?");
    await userEvent.click(button("Install"));
    await heading("Import unwanted?");
    await userEvent.click(button("Leave it out"));
    await heading("What came of it");
    screen.getByText("1 imported, 2 failed, 1 left out");
    screen.getByText("no such package");
    screen.getByText("write its name anew");
    screen.getByText("the disk is full");
    await waitFor(() => expect(asked.filter(({ operation }) => operation === "app_decline")).toHaveLength(1));
    expect(asked.find(({ operation }) => operation === "app_decline")?.path).toEqual([offerId(4)]);
    isMended = true;
    await userEvent.click(button("Try again: broken"));
    await heading("Import broken?");
    await userEvent.click(button("Install"));
    await heading("What came of it");
    screen.getByText("2 imported, 1 failed, 1 left out");
  });

  it("ends what is under way when it is left out, and declines what nobody answers", async () => {
    let signal: AbortSignal | undefined;
    const { asked, unmount } = await look([found("slow"), found("next"), found("last")], {
      import_offer: (ask: Ask) => (appOf(ask) === "slow" ? new Promise(() => {}) : offered("next", 2)),
    });
    const inner = globalThis.fetch;
    globalThis.fetch = (input, init) => {
      if (String(input).endsWith("/imports/offer") && String(init?.body).includes("slow"))
        signal = init?.signal ?? undefined;
      return inner(input as Request, init);
    };
    await userEvent.click(button("Continue with 3"));
    await heading("Getting slow ready");
    await userEvent.click(button("Leave it out"));
    await heading("Import next?");
    expect(signal?.aborted).toBe(true);
    unmount();
    await waitFor(() => expect(asked.at(-1)).toMatchObject({ operation: "app_decline", path: [offerId(2)] }));
  });

  it("can leave out all that are left", async () => {
    const { asked } = await look([found("one"), found("two"), found("three")], {
      import_offer: (ask: Ask) => offered(appOf(ask), 1),
    });
    await userEvent.click(button("Continue with 3"));
    await heading("Import one?");
    await userEvent.click(button("Leave out all that are left"));
    await heading("What came of it");
    screen.getByText("0 imported, 3 left out");
    await waitFor(() => expect(operations(asked)).toContain("app_decline"));
    expect(operations(asked)).not.toContain("app_install");
  });

  it("says what a server still needs, and what was imported cannot be chosen again", async () => {
    const key = { name: "key", title: `KEY${HOSTILE}`, is_secret: true, is_required: true, has_value: false };
    await look([found("needy", { settings: [key] })], {
      import_offer: () => offered("needy", 1),
      app_install: () => installed("needy"),
    });
    await userEvent.click(button("Continue with 1"));
    await heading("Import needy?");
    await userEvent.click(button("Install"));
    await screen.findByText(/It still needs from you: KEY<script>/);
    expect(screen.getByRole("link", { name: "Its settings" }).getAttribute("href")).toBe("/apps/needy?tab=settings");
    expect(deceptiveIn(document.body.textContent)).toEqual([]);
    await userEvent.click(screen.getByRole("link", { name: "Import more" }));
    await heading("What was found");
    cardOf("needy").getByText("Imported just now");
    expect(box("needy").disabled).toBe(true);
    expect(screen.queryByRole("button", { name: /^Continue/ })).toBeNull();
  });

  it("cannot be said yes to while a folder is lacking", async () => {
    await look([found("files")], { import_offer: () => offered("files", 1, { lines: [fileLine()] }) });
    await userEvent.click(button("Continue with 1"));
    await heading("Import files?");
    await userEvent.click(button("Remove folder ~/Tables"));
    expect((button("Install") as HTMLButtonElement).disabled).toBe(true);
    screen.getByText("Name a folder for file.read, or choose Ask or Block there.");
  });

  it("upgrades what has changed", async () => {
    await look([found("old", { action: "update" })], { import_offer: () => offered("old", 1) });
    await userEvent.click(button("Continue with 1"));
    await heading("Import old?");
    button("Upgrade");
  });
});

it("speaks German", async () => {
  paperOikos({ import_list: imports([found("files"), found("dock", { action: "refuse" })]) });
  draw("de");
  await userEvent.click(
    await screen.findByRole("button", { name: "Nachsehen, was deine anderen Programme eingerichtet haben" }),
  );
  await heading("Was gefunden wurde");
  screen.getByText("1 neu, 1 nicht zu übernehmen");
  button("Mit 1 weitermachen");
});
