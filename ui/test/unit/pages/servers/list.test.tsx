import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import ServersPage from "@/pages/servers/ServersPage";
import { paperOikos, renderScreen } from "../../kit";
import { deceptiveIn, HOSTILE, running, server, tool } from "./servers";

const page = { path: "/servers", at: "/servers" };

it("shows each server with its place, its state, and how many of its tools wait", async () => {
  const tools = [tool("a"), tool("b"), tool("c", "added"), tool("d", "changed"), tool("e", "gone")];
  paperOikos({
    server_list: {
      servers: [
        server("files", { title: `F${HOSTILE}`, place: `node ${"x".repeat(5_000)}`, tools, running }),
        server("weather", { place: "https://weather.example/mcp", enabled: false, looked_at: null }),
      ],
    },
  });
  const { container } = renderScreen(ServersPage, page);
  const link = await screen.findByRole("link", { name: /^F<script>alert\(1\)<\/script>/ });
  expect(link.getAttribute("href")).toBe("/servers/files");
  const card = within(link.closest("li") as HTMLElement);
  card.getByText("Enabled");
  card.getByText("Runs now");
  card.getByText("2 tools accepted · 2 calls under way");
  card.getByText("2 wait for your yes");
  const other = within(screen.getByRole("link", { name: "weather" }).closest("li") as HTMLElement);
  other.getByText("https://weather.example/mcp");
  other.getByText("Disabled");
  other.getByText("It was not asked yet which tools it has.");
  expect(container.querySelector("script, img, a[href^=javascript]")).toBeNull();
  expect(deceptiveIn(container.textContent)).toEqual([]);
  expect(container.textContent?.length).toBeLessThan(2_000);

  await userEvent.type(screen.getByRole("searchbox", { name: "Search servers" }), "example");
  await waitFor(() => expect(screen.queryByText("Runs now")).toBeNull());
  screen.getByText("1 of 2");
  await userEvent.type(screen.getByRole("searchbox"), "zzz");
  await screen.findByText("No server has that in its name or its place");
});

it("says of a server that it cannot be had, unless it runs by now", async () => {
  const fault = (code: "sign_in_needed" | "program_failed") => ({ code, message: "why" });
  paperOikos({
    server_list: {
      servers: [
        server("tracker", { fault: fault("sign_in_needed") }),
        server("broken", { fault: fault("program_failed") }),
        server("files", { fault: fault("program_failed"), running }),
      ],
    },
  });
  renderScreen(ServersPage, page);
  const card = async (name: string) => within((await screen.findByRole("link", { name })).closest("li") as HTMLElement);
  (await card("tracker")).getByText("Wants a sign-in");
  (await card("broken")).getByText("Failed last time");
  expect((await card("files")).queryByText("Failed last time")).toBeNull();
});

it("leads to where servers come from, and to clients", async () => {
  paperOikos({ server_list: { servers: [] } });
  renderScreen(ServersPage, page);
  await screen.findByText("There is no MCP server here yet");
  screen.getByText("oikos app import --scan");
  for (const link of screen.getAllByRole("link", { name: "Import servers" }))
    expect(link.getAttribute("href")).toBe("/servers/-/import");
  expect(screen.getByRole("link", { name: "Connect a client" }).getAttribute("href")).toBe("/servers/-/connect");
});

it("speaks German", async () => {
  paperOikos({ server_list: { servers: [server("files", { tools: [tool("a", "added")] })] } });
  renderScreen(ServersPage, { ...page, language: "de" });
  await screen.findByText("1 wartet auf dein Ja");
  screen.getByText("Eingeschaltet");
});
