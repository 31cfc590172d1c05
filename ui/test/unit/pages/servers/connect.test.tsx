import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { CLIENTS } from "@/pages/servers/connect/clients";
import ConnectPage from "@/pages/servers/connect/ConnectPage";
import { paperOikos, Refuse, renderScreen } from "../../kit";
import { deceptiveIn, HOSTILE } from "./servers";

const ID = "0193c8a2-7d34-7000-8000-000000000001";
const token = { id: ID, name: "cursor", last_four: "ab12", rights: ["read", "run"], made_at: 1 };
const SECRET = `oikos_${"0".repeat(72)}`;
const draw = (client: string, language: "en" | "de" = "en") =>
  renderScreen(ConnectPage, { path: "/servers/-/connect", at: `/servers/-/connect?client=${client}`, language });
/** Somebody who does not sit at the computer where oikos runs. */
const ELSEWHERE = { client_list: new Refuse(403, "permission_denied", "not yours to change") };
const shown = () => document.querySelector("pre")?.textContent ?? "";

describe("connecting a client", () => {
  it("makes a key that sees and runs, shows it once, and puts it into the client's lines", async () => {
    const asked = paperOikos({ ...ELSEWHERE, token_list: { tokens: [] }, token_new: { token, secret: SECRET } });
    const { unmount } = draw("cursor");
    await screen.findByRole("heading", { level: 1, name: "Connect a client" });
    await screen.findByText("oikos mcp connect cursor");
    screen.getByText("~/.cursor/mcp.json");
    expect(shown()).toContain("Bearer YOUR_KEY");
    await userEvent.click(screen.getByRole("button", { name: "Make a key" }));
    await screen.findByText(/This is the only time you see the key/);
    expect(asked.find(({ operation }) => operation === "token_new")?.body).toEqual({
      name: "cursor",
      rights: ["read", "run"],
    });
    expect(JSON.parse(shown())).toEqual({
      mcpServers: { oikos: { url: `${location.origin}/mcp`, headers: { Authorization: `Bearer ${SECRET}` } } },
    });
    await waitFor(() => expect(document.activeElement?.textContent).toContain("the only time"));
    // Another client has none of it; coming back, it is still there until the page is left.
    await userEvent.click(screen.getByRole("link", { name: "VS Code" }));
    expect(shown()).not.toContain(SECRET);
    await userEvent.click(screen.getByRole("link", { name: "Cursor" }));
    expect(shown()).toContain(SECRET);
    unmount();
    draw("cursor");
    await screen.findByRole("button", { name: "Make a key" });
    expect(document.body.textContent).not.toContain(SECRET);
  });

  it("proposes a name that is free, and says why a key was not made", async () => {
    const asked = paperOikos({
      ...ELSEWHERE,
      token_list: {
        tokens: [
          { ...token, name: "zed" },
          { ...token, name: "zed-2" },
        ],
      },
      token_new: new Refuse(409, "conflict", "there is such a key"),
    });
    draw("zed");
    await waitFor(() => expect((screen.getByLabelText("Name of the key") as HTMLInputElement).value).toBe("zed-3"));
    await userEvent.clear(screen.getByLabelText("Name of the key"));
    await userEvent.type(screen.getByLabelText("Name of the key"), "My key");
    await userEvent.click(screen.getByRole("button", { name: "Make a key" }));
    screen.getByText(/Up to 64 small letters/);
    expect(asked.some(({ operation }) => operation === "token_new")).toBe(false);
    await userEvent.clear(screen.getByLabelText("Name of the key"));
    await userEvent.type(screen.getByLabelText("Name of the key"), "zed{Enter}");
    expect((await screen.findByRole("alert")).textContent).toContain("there is such a key");
  });

  it("needs no key where the client starts a program", async () => {
    paperOikos({ ...ELSEWHERE, token_list: { tokens: [] } });
    draw("claude-desktop");
    await screen.findByText(/starts servers as programs/);
    expect(JSON.parse(shown())).toEqual({
      mcpServers: { oikos: { command: "oikos", args: ["mcp", "serve", "--client", "claude-desktop"] } },
    });
    expect(screen.queryByRole("button", { name: "Make a key" })).toBeNull();
    await userEvent.click(screen.getByRole("link", { name: "Claude Code" }));
    expect(shown()).toContain("claude mcp add --scope user --transport http oikos");
    await userEvent.click(screen.getByRole("radio", { name: "As a program" }));
    expect(shown()).toBe("claude mcp add --scope user oikos -- oikos mcp serve --client claude-code");
  });

  it.each(CLIENTS.filter(({ file }) => file.length > 0).map((client) => [client.name, client] as const))(
    "gives %s a file that can be read, with our server in it",
    (_name, { ways, lines }) => {
      for (const way of ways) {
        const [servers] = Object.values(JSON.parse(lines(way, "http://127.0.0.1:7070/mcp", "key")) as object);
        expect(Object.keys(servers as object)).toEqual(["oikos"]);
        expect(JSON.stringify(servers).includes("Bearer key")).toBe(way === "address");
      }
    },
  );

  it("speaks German, and knows what to do with any other client", async () => {
    paperOikos({ ...ELSEWHERE, token_list: { tokens: [] } });
    draw("any", "de");
    await screen.findByRole("heading", { level: 1, name: "Einen Client verbinden" });
    expect(shown()).toBe(`${location.origin}/mcp\nAuthorization: Bearer DEIN_SCHLÜSSEL`);
    expect(screen.queryByRole("heading", { name: "In einem Schritt" })).toBeNull();
  });
});

const view = (more: object = {}) => ({
  client: "cursor",
  title: "Cursor",
  file: "/home/ada/.cursor/mcp.json",
  is_there: true,
  is_connected: false,
  ...more,
});
const change = (more: object = {}) => ({
  client: "cursor",
  file: "/home/ada/.cursor/mcp.json",
  diff: `/home/ada/.cursor/mcp.json\n   "a": 1\n-  }\n+  }, ${HOSTILE}\n`,
  backup: "/home/ada/.cursor/mcp.json.before-oikos-0a1b",
  is_written: false,
  ...more,
});

describe("a client on this computer", () => {
  it("shows what would change, changes it, and takes it back", async () => {
    let isConnected = false;
    const asked = paperOikos({
      token_list: { tokens: [] },
      client_list: () => ({ clients: [view({ is_connected: isConnected })] }),
      client_connect: ({ body }: { body: unknown }) => {
        const { dry_run, disconnect } = body as { dry_run: boolean; disconnect: boolean };
        if (!dry_run) isConnected = !disconnect;
        return { change: change({ is_written: !dry_run }) };
      },
    });
    const { container } = draw("cursor");
    await screen.findByText("Not connected");
    await userEvent.click(screen.getByRole("button", { name: "Show what would change" }));
    const heading = await screen.findByRole("heading", { name: "What would change" });
    const lines = within(heading.parentElement as HTMLElement).getAllByRole("listitem");
    expect(lines.map((line) => line.textContent?.slice(0, 12))).toEqual(['  "a": 1', "−was:  }", "+is now:  },"]);
    screen.getByText(/would be kept as .*before-oikos-0a1b/);
    expect(container.querySelector("script, img")).toBeNull();
    expect(deceptiveIn(container.textContent)).toEqual([]);
    expect(isConnected).toBe(false);

    await userEvent.click(screen.getByRole("button", { name: "Connect Cursor" }));
    await screen.findByText("Cursor is connected.");
    await screen.findByText("Connected");
    screen.getByText(/lies in .*before-oikos-0a1b/);
    // Enter once more must not take it back.
    expect(document.activeElement?.textContent).toContain("Cursor is connected.");
    await userEvent.click(screen.getByRole("button", { name: "Take oikos out of Cursor" }));
    await screen.findByText("oikos is out of Cursor.");
    expect(
      asked.filter(({ operation }) => operation === "client_connect").map(({ path, body }) => [path[0], body]),
    ).toEqual([
      ["cursor", { disconnect: false, dry_run: true }],
      ["cursor", { disconnect: false, dry_run: false }],
      ["cursor", { disconnect: true, dry_run: false }],
    ]);
  });

  it("changes nothing in a file that cannot be read, and says where it is wrong", async () => {
    const fault = `mcp.json:1:17: not JSON${HOSTILE}\n  1 | {`;
    paperOikos({ token_list: { tokens: [] }, client_list: { clients: [view({ fault })] } });
    const { container } = draw("cursor");
    await screen.findByText("Its file cannot be read");
    screen.getByText(/mcp\.json:1:17: not JSON/);
    expect(screen.queryByRole("button", { name: /Connect Cursor|Show what would/ })).toBeNull();
    screen.getByRole("button", { name: "Look again" });
    expect(container.querySelector("script, img")).toBeNull();
    expect(deceptiveIn(container.textContent)).toEqual([]);
  });

  it("makes a file where there is none, and says when nothing would change", async () => {
    paperOikos({
      token_list: { tokens: [] },
      client_list: { clients: [view({ is_there: false })] },
      client_connect: { change: change({ diff: "", backup: null }) },
    });
    draw("cursor");
    await screen.findByText("Not set up here");
    await userEvent.click(screen.getByRole("button", { name: "Show what would change" }));
    await screen.findByText("Nothing in its file would change.");
  });

  it("says why a change did not come about, and that the list did not come", async () => {
    paperOikos({
      token_list: { tokens: [] },
      client_list: { clients: [view()] },
      client_connect: new Refuse(422, "file_unusable", "the file cannot be changed: read-only"),
    });
    const { unmount } = draw("cursor");
    await userEvent.click(await screen.findByRole("button", { name: "Connect Cursor" }));
    expect((await screen.findByRole("alert")).textContent).toContain("read-only");
    screen.getByText("Not connected");
    unmount();
    paperOikos({ token_list: { tokens: [] }, client_list: new Refuse(422, "file_unusable", "it is too large") });
    draw("cursor");
    expect((await screen.findByRole("alert")).textContent).toContain("it is too large");
    screen.getByText("oikos mcp connect cursor");
  });

  it("speaks German", async () => {
    paperOikos({ token_list: { tokens: [] }, client_list: { clients: [view({ is_connected: true })] } });
    draw("cursor", "de");
    await screen.findByText("Verbunden");
    screen.getByRole("button", { name: "oikos aus Cursor nehmen" });
  });
});
