import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import AppPage from "@/pages/apps/AppPage";
import AppsPage from "@/pages/apps/AppsPage";
import OpenPage from "@/pages/apps/open/OpenPage";
import { paperOikos, Refuse, renderScreen } from "../kit";
import { detail, summary, withStarters } from "./cards";

const OPEN = { path: "/apps/:app/open", at: "/apps/notes/open" };
// The frame is a part of the page that is loaded when it is needed.
const LATER = { timeout: 10_000 };
const VIEW = { origin: "http://abc.localhost:7070", html: "<h1>here</h1>" };
const dice = { title: "D\u202eice", opens: "index.html", actions: [] };

describe("an app of the browser", () => {
  it("is opened in a frame on its own origin, with the way back and what it reaches", async () => {
    const asked = paperOikos({ app_info: { app: detail(dice) }, app_view: VIEW });
    renderScreen(OpenPage, OPEN);
    const frame = await screen.findByTitle("What D\\u{202e}ice shows", {}, LATER);
    await waitFor(() => expect(frame.getAttribute("src")).toBe(`${VIEW.origin}/frame`));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("D\\u{202e}ice");
    expect(screen.getByRole("link", { name: "Close notes" }).getAttribute("href")).toBe("/apps/notes");
    screen.getByText(/Reaches nothing/);
    const views = asked.filter(({ operation }) => operation === "app_view");
    expect(views.map(({ query }) => query.get("path"))).toEqual(["index.html"]);
  });

  it("says why it is not opened, and leads to the switch", async () => {
    const why = new Refuse(
      403,
      "permission_denied",
      "notes may not run in your browser: view is blocked",
      "oikos grant notes view=allow",
    );
    paperOikos({ app_info: { app: detail(dice) }, app_view: why });
    renderScreen(OpenPage, OPEN);
    expect((await screen.findByRole("alert")).textContent).toContain("view is blocked");
    screen.getByText("oikos grant notes view=allow");
    expect(screen.getByRole("link", { name: "What it may touch" }).getAttribute("href")).toBe("/apps/notes?tab=touch");
    expect(document.querySelector("iframe")).toBeNull();
  });

  it("is not asked for where it is off, or is no page at all", async () => {
    const asked = paperOikos({ app_info: { app: detail({ ...dice, enabled: false }) } });
    const drawn = renderScreen(OpenPage, OPEN);
    await screen.findByText("It cannot be opened now");
    drawn.unmount();
    asked.push(...paperOikos({ app_info: { app: detail() } }));
    renderScreen(OpenPage, OPEN);
    await screen.findByText("This app is not a page");
    expect(screen.getByRole("link", { name: "To the app" }).getAttribute("href")).toBe("/apps/notes");
    expect(asked.every(({ operation }) => operation === "app_info")).toBe(true);
  });

  it("has a button to open it where others have one to run them", async () => {
    paperOikos({ app_info: { app: detail(dice) }, run_list: { runs: [] } });
    renderScreen(AppPage, { path: "/apps/:app", at: "/apps/notes" });
    const open = await screen.findByRole("link", { name: "Open D\\u{202e}ice" });
    expect(open.getAttribute("href")).toBe("/apps/notes/open");
    screen.getByText(/No code of it runs on this machine/);
    screen.getByRole("link", { name: "Page" });
    expect(screen.queryByText("It has nothing to start by hand")).toBeNull();
  });

  it("is opened from the list, unless it is off", async () => {
    paperOikos({
      app_list: {
        apps: [
          summary({ opens: "index.html" }),
          summary({ name: "off", title: "Off", opens: "index.html", enabled: false }),
          summary({ name: "other", title: "Other" }),
        ],
      },
    });
    withStarters([]);
    renderScreen(AppsPage, { path: "/apps", at: "/apps" });
    const list = await screen.findByRole("region", { name: "Installed" });
    await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(3));
    const opens = within(list).getAllByRole("link", { name: /^Open/ });
    expect(opens.map((link) => link.getAttribute("href"))).toEqual(["/apps/notes/open"]);
  });

  it("is named and closed in German too", async () => {
    paperOikos({ app_info: { app: detail(dice) }, app_view: VIEW });
    renderScreen(OpenPage, { ...OPEN, language: "de" });
    await screen.findByTitle(/ice/, {}, LATER);
    screen.getByRole("link", { name: "notes schließen" });
    screen.getByText(/Erreicht nichts/);
  });
});
