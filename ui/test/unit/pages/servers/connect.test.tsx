import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { CLIENTS } from "@/pages/servers/connect/clients";
import ConnectPage from "@/pages/servers/connect/ConnectPage";
import { paperOikos, Refuse, renderScreen } from "../../kit";

const ID = "0193c8a2-7d34-7000-8000-000000000001";
const token = { id: ID, name: "cursor", last_four: "ab12", rights: ["read", "run"], made_at: 1 };
const SECRET = `oikos_${"0".repeat(72)}`;
const draw = (client: string, language: "en" | "de" = "en") =>
  renderScreen(ConnectPage, { path: "/servers/connect", at: `/servers/connect?client=${client}`, language });
const shown = () => document.querySelector("pre")?.textContent ?? "";

describe("connecting a client", () => {
  it("makes a key that sees and runs, shows it once, and puts it into the client's lines", async () => {
    const asked = paperOikos({ token_list: { tokens: [] }, token_new: { token, secret: SECRET } });
    const { unmount } = draw("cursor");
    await screen.findByRole("heading", { level: 1, name: "Connect a client" });
    screen.getByText("oikos mcp connect cursor");
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
    paperOikos({ token_list: { tokens: [] } });
    draw("claude-desktop");
    await screen.findByText(/starts servers as programs/);
    expect(JSON.parse(shown())).toEqual({ mcpServers: { oikos: { command: "oikos", args: ["mcp", "serve"] } } });
    expect(screen.queryByRole("button", { name: "Make a key" })).toBeNull();
    await userEvent.click(screen.getByRole("link", { name: "Claude Code" }));
    expect(shown()).toContain("claude mcp add --scope user --transport http oikos");
    await userEvent.click(screen.getByRole("radio", { name: "As a program" }));
    expect(shown()).toBe("claude mcp add --scope user oikos -- oikos mcp serve");
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
    paperOikos({ token_list: { tokens: [] } });
    draw("any", "de");
    await screen.findByRole("heading", { level: 1, name: "Einen Client verbinden" });
    expect(shown()).toBe(`${location.origin}/mcp\nAuthorization: Bearer DEIN_SCHLÜSSEL`);
    expect(screen.queryByRole("heading", { name: "In einem Schritt" })).toBeNull();
  });
});
