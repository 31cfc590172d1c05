import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import AppPage from "@/pages/apps/AppPage";
import StartPage from "@/pages/runs/StartPage";
import { paperOikos, Refuse, renderScreen } from "../../kit";
import { detail, RUN } from "../runs/runs";
import { deceptiveIn, definition, HOSTILE, server, tool, type Tool } from "./servers";

beforeEach(() => sessionStorage.clear());

const app = detail({ name: "files", title: "files", actions: [], tools: [] });
const began = () =>
  new Response(`event: run\ndata: ${JSON.stringify({ frame: "run", run: RUN })}\n\n`, {
    headers: { "content-type": "text/event-stream" },
  });
const draw = (action: string) =>
  renderScreen(StartPage, { path: "/apps/:app/run/:action", at: `/apps/files/run/${action}` });
const oikos = (...tools: Tool[]) =>
  paperOikos({ app_info: { app }, server_info: { server: server("files", { tools }) }, run_start: began });

describe("a tool of a server", () => {
  it("is tried with the form of its schema, by the name that it has here", async () => {
    const inputSchema = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
    const accepted = definition("read-file", `Reads. ${HOSTILE}`, { title: HOSTILE, inputSchema });
    const asked = oikos(tool("read-file", "accepted", { accepted }));
    const { container, history } = draw("read_file");
    await userEvent.type(await screen.findByRole("textbox", { name: /Place/ }), "Wien");
    expect(container.querySelector("script, img, a[href^=javascript]")).toBeNull();
    expect(deceptiveIn(container.textContent)).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    await waitFor(() => expect(history.at(-1)).toBe(`/runs/${RUN}`));
    expect(asked.find(({ operation }) => operation === "run_start")?.body).toMatchObject({
      app: "files",
      action: "read_file",
      input: { place: "Wien" },
    });
  });

  it.each([
    [tool("a", "added"), "This tool waits for your yes before it can be called"],
    [tool("a", "changed"), "This tool waits for your yes before it can be called"],
    [tool("a", "gone"), "Its server does not offer this tool any more"],
    [tool("a", "accepted", { state: "block" }), "You have blocked this tool"],
  ])("that cannot be called says why, and leads to where that is changed", async (one, why) => {
    oikos(one);
    draw("a");
    await screen.findByText(why);
    expect(screen.getByRole("link", { name: "To the server's tools" }).getAttribute("href")).toBe("/servers/files");
    expect((screen.getByRole("button", { name: "Run" }) as HTMLButtonElement).disabled).toBe(true);
  });

  it("is not found where the server has none of that name, or the app is none", async () => {
    oikos(tool("a"));
    draw("b").unmount();
    draw("b");
    await screen.findByText("This app has no such action");
    paperOikos({ app_info: { app }, server_info: new Refuse(409, "not_available", "files is no MCP server") });
    draw("a");
    await waitFor(() => expect(screen.getAllByText("This app has no such action")).toHaveLength(2));
  });

  it("asks nobody about servers where the app has what is started", async () => {
    const action = { name: "add", title: "Add", input: { type: "object" } };
    const asked = paperOikos({ app_info: { app: { ...app, actions: [action] } } });
    draw("add");
    await screen.findByRole("button", { name: "Run" });
    expect(asked.map(({ operation }) => operation)).not.toContain("server_info");
  });
});

describe("the app that a server is", () => {
  const at = { path: "/apps/:app", at: "/apps/files" };

  it("leads to its tools", async () => {
    paperOikos({ app_info: { app }, run_list: { runs: [] }, server_list: { servers: [server("files")] } });
    renderScreen(AppPage, at);
    await screen.findByText("It is an MCP server: what can be started are its tools");
    expect(screen.getByRole("link", { name: "To its tools" }).getAttribute("href")).toBe("/servers/files");
  });

  it("that is no server has nothing to start by hand", async () => {
    paperOikos({ app_info: { app }, run_list: { runs: [] }, server_list: { servers: [server("other")] } });
    renderScreen(AppPage, at);
    await screen.findByText("It has nothing to start by hand");
  });
});
