import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { session } from "@/api/session";
import { LIBRARIES } from "@/pages/settings/libraries";
import SettingsPage from "@/pages/settings/SettingsPage";
import { paperOikos, Refuse, renderScreen } from "../kit";

const status = { pid: 42, version: "0.9.1" };
const LOGIN = "0193c8a2-7d34-7000-8000-000000000001";
const draw = (at = "/settings", language?: "de") =>
  renderScreen(SettingsPage, { path: "/settings", at, ...(language ? { language } : {}) });

describe("settings", () => {
  it("choose light or dark, and keep it", async () => {
    paperOikos({ status });
    draw();
    await userEvent.click(screen.getByRole("radio", { name: "Dark" }));
    expect(localStorage.getItem("theme")).toBe("dark");
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    expect((screen.getByRole("radio", { name: "Dark" }) as HTMLInputElement).checked).toBe(true);
    await userEvent.click(screen.getByRole("radio", { name: "As the system" }));
    expect(localStorage.getItem("theme")).toBeNull();
    expect(document.documentElement.dataset["theme"]).toBe("light");
  });

  it("are found by words, in the language that is chosen", async () => {
    paperOikos({ status });
    const { history } = draw();
    await userEvent.click(screen.getByRole("radio", { name: "Deutsch" }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Einstellungen");
    await userEvent.type(screen.getByRole("searchbox"), "dunkel");
    await waitFor(() => expect(history?.at(-1)).toBe("/settings?q=dunkel"));
    expect(screen.getAllByRole("heading", { level: 2 }).map((heading) => heading.textContent)).toEqual(["Aussehen"]);
    await userEvent.type(screen.getByRole("searchbox"), "\u202e<x>");
    expect(screen.getByText(/\\u\{202e\}<x>/)).toBeTruthy();
    expect(screen.queryAllByRole("heading", { level: 2 })).toEqual([]);
  });

  it("say which oikos this is", async () => {
    paperOikos({ status });
    draw("/settings?q=version");
    const device = within(screen.getByRole("region", { name: "This device" }));
    expect(await device.findByText("0.9.1")).toBeTruthy();
    expect(device.getByText("42")).toBeTruthy();
    expect(device.getByText(location.origin)).toBeTruthy();
    expect(screen.queryByRole("region", { name: "Language" })).toBeNull();
  });

  it("sign this browser out, after a question, also where its login is over already", async () => {
    const answers = [
      new Refuse(500, "internal", "the disk is full"),
      new Refuse(404, "login_not_found", "no such login"),
    ];
    const asked = paperOikos({ status, login_revoke: () => answers.shift() });
    session.begin("oikospage_test", LOGIN);
    draw();
    await userEvent.click(screen.getByRole("button", { name: "Sign out this browser" }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.click(dialog.getByRole("button", { name: "Sign out" }));
    expect((await dialog.findByRole("alert")).textContent).toContain("the disk is full");
    expect(session.secret()).toBe("oikospage_test");
    await userEvent.click(dialog.getByRole("button", { name: "Sign out" }));
    await waitFor(() => expect(session.secret()).toBeNull());
    expect(asked.filter(({ operation }) => operation === "login_revoke").map(({ path }) => path)).toEqual([
      [LOGIN],
      [LOGIN],
    ]);
  });
});

it("names whose work is in the page, under which licence", () => {
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as { dependencies: object; license: string };
  const shipped = [...Object.keys(read("package.json").dependencies), "tailwindcss"].sort();
  expect(LIBRARIES).toEqual(
    shipped.map((name) => ({ name, licence: read(`node_modules/${name}/package.json`).license })),
  );
});
