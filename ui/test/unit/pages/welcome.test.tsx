import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { theme } from "@/layout/theme";
import HomePage from "@/pages/home/HomePage";
import WelcomePage from "@/pages/welcome/WelcomePage";
import { paperOikos, renderScreen } from "../kit";
import { card, detail, OFFER, summary, withStarters } from "./cards";

const greeter = { name: "greeter", title: "Greeter", description: "Says hello.", version: "1.0.0" };
const WELCOME = { path: "/welcome", at: "/welcome" };

it("leads home to the apps, and to the first steps only once", async () => {
  const answers = { app_list: { apps: [summary()] } };
  paperOikos(answers);
  const some = renderScreen(HomePage, { path: "/", at: "/" });
  await waitFor(() => expect(some.history).toEqual(["/apps"]));
  answers.app_list.apps = [];
  const none = renderScreen(HomePage, { path: "/", at: "/" });
  await waitFor(() => expect(none.history).toEqual(["/welcome"]));

  const user = userEvent.setup();
  const welcome = renderScreen(WelcomePage, WELCOME);
  await user.click(await screen.findByRole("link", { name: "Skip the first steps" }));
  expect(welcome.history?.at(-1)).toBe("/apps");
  const again = renderScreen(HomePage, { path: "/", at: "/" });
  await waitFor(() => expect(again.history).toEqual(["/apps"]));
});

it("ends in the first action of an app whose card was agreed to", async () => {
  const asked = paperOikos({
    app_offer: { offer: OFFER, card: card({ app: "greeter", title: "Greeter", lines: [] }) },
    app_install: {
      app: detail({ name: "greeter", title: "Greeter", actions: [{ name: "greet", title: "Greet", input: {} }] }),
    },
  });
  withStarters([greeter]);
  const user = userEvent.setup();
  const { history } = renderScreen(WelcomePage, WELCOME);
  await user.click(await screen.findByRole("radio", { name: "Dark" }));
  expect([theme.get(), document.documentElement.dataset["theme"]]).toEqual(["dark", "dark"]);
  await user.click(screen.getByRole("radio", { name: "As the system" }));
  expect(localStorage.getItem("theme")).toBeNull();
  await user.click(screen.getByRole("radio", { name: "Deutsch" }));
  expect(screen.getByRole("link", { name: "Weiter" })).toBeTruthy();
  await user.click(screen.getByRole("radio", { name: "English" }));
  await user.click(screen.getByRole("link", { name: "Next" }));
  expect(screen.getByText("Running on this computer")).toBeTruthy();
  expect(screen.getAllByRole("listitem")).toHaveLength(3);
  await user.click(screen.getByRole("link", { name: "Next" }));
  // Nothing was asked of anybody until here.
  expect(asked).toEqual([]);
  await user.click(await screen.findByRole("button", { name: "Look at its card: Greeter" }));
  await screen.findByRole("dialog", { name: "Install Greeter?" });
  await user.click(screen.getByRole("button", { name: "Install" }));
  await waitFor(() => expect(history?.at(-1)).toBe("/apps/greeter/run/greet"));
  expect(asked.map(({ operation }) => operation)).toEqual(["app_offer", "app_install"]);
});

it("offers another source where oikos comes with no apps", async () => {
  paperOikos({});
  withStarters([]);
  const user = userEvent.setup();
  renderScreen(WelcomePage, { ...WELCOME, at: "/welcome?step=3", language: "de" });
  expect(await screen.findByText("Mit diesem oikos kommen keine Apps")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "App installieren" }));
  expect(await screen.findByRole("textbox", { name: "Ordner, Archiv oder Webadresse" })).toBeTruthy();
});
