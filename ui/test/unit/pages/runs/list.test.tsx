import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import RunsPage from "@/pages/runs/RunsPage";
import { paperOikos, Refuse, renderScreen } from "../../kit";
import { BEGAN, ended, OTHER, running } from "./runs";

const screenAt = (at = "/runs", language: "en" | "de" = "en") =>
  renderScreen(RunsPage, { path: "/runs", at, language });
const id = (number: number) => `0193c8a2-7f3e-7a10-9b1c-${number.toString(16).padStart(12, "0")}`;

it("has what is under way first, with Stop at each", async () => {
  let isStopped = false;
  const stopped = { failure: { code: "stopped" as const, message: "the owner stopped it" } };
  const asked = paperOikos({
    run_list: () => ({
      runs: [isStopped ? ended(stopped) : running(), ended({ run: OTHER, app: "notes", action: "list" })],
    }),
    run_stop: () => {
      isStopped = true;
      return { runs: [], paused: [] };
    },
  });
  screenAt();
  const underWay = await screen.findByRole("region", { name: "Under way" });
  const past = screen.getByRole("region", { name: "Ended" });
  expect(within(underWay).getByRole("link", { name: /csv-insights/ })).toBeTruthy();
  expect(within(past).getByRole("link", { name: /notes/ })).toBeTruthy();
  expect(screen.getAllByRole("button", { name: /^Stop/ })).toHaveLength(1);
  await userEvent.click(screen.getByRole("button", { name: "Stop run of csv-insights: analyze" }));
  expect(asked.some(({ operation }) => operation === "run_stop")).toBe(true);
  expect(await within(past).findByText("Stopped by you")).toBeTruthy();
  expect(screen.getByText("Nothing runs")).toBeTruthy();
});

it("says in words how a run ended and what began it", async () => {
  paperOikos({
    run_list: {
      runs: [
        ended({ run: id(1), failure: { code: "timeout", message: "it took longer than 10 min" } }),
        ended({ run: id(2), failure: { code: "permission_denied", message: "no" } }),
        ended({ run: id(3), failure: { code: "stopped", message: "oikos is shutting down" } }),
        ended({ run: id(4), cause: { code: "cause_event", args: [{ text: "<b>\u202etopic" }, { text: "notes" }] } }),
      ],
    },
  });
  const { container } = screenAt();
  expect(await screen.findByText("Time limit")).toBeTruthy();
  expect(screen.getByText("It took longer than it may, or made no progress for too long.")).toBeTruthy();
  expect(screen.getByText("Not allowed")).toBeTruthy();
  expect(screen.getByText("Interrupted")).toBeTruthy();
  expect(screen.getByText("event <b>\\u{202e}topic from notes")).toBeTruthy();
  expect(container.querySelector("b")).toBeNull();
});

it("filters by app and state, and keeps that in the address", async () => {
  paperOikos({
    run_list: {
      runs: [
        ended({ run: id(1) }),
        ended({ run: id(2), app: "notes", action: "list" }),
        ended({ run: id(3), app: "notes", action: "add", failure: { code: "app_failed", message: "broken" } }),
      ],
    },
  });
  const { history } = screenAt();
  await userEvent.selectOptions(await screen.findByRole("combobox", { name: "App" }), "notes");
  expect(screen.getAllByRole("link", { name: /csv-insights|notes/ })).toHaveLength(2);
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "State" }), "failed");
  expect(screen.getByRole("link", { name: /notes.*add/ })).toBeTruthy();
  expect(screen.queryByRole("link", { name: /notes.*list/ })).toBeNull();
  expect(history.at(-1)).toBe("/runs?app=notes&state=failed");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "State" }), "stopped");
  await userEvent.click(screen.getByRole("button", { name: "Show all runs" }));
  expect(screen.getAllByRole("link", { name: /csv-insights|notes/ })).toHaveLength(3);
});

it("shows a long list bit by bit", async () => {
  paperOikos({
    run_list: { runs: Array.from({ length: 45 }, (_, place) => ended({ run: id(place), ended_at: BEGAN })) },
  });
  screenAt();
  await screen.findByRole("button", { name: "Show 20 more" });
  const rows = () => screen.getAllByRole("link", { name: /csv-insights/ }).length;
  expect(rows()).toBe(20);
  await userEvent.click(screen.getByRole("button", { name: "Show 20 more" }));
  await userEvent.click(screen.getByRole("button", { name: "Show 5 more" }));
  expect(rows()).toBe(45);
  expect(screen.getByRole("link", { name: "Open the activity" })).toBeTruthy();
});

it("says why it is empty, and why it failed", async () => {
  paperOikos({ run_list: { runs: [] } });
  const { unmount } = screenAt();
  expect(await screen.findByText("Nothing has run yet")).toBeTruthy();
  unmount();
  paperOikos({ run_list: new Refuse(500, "store_damaged", "the store is <b>damaged</b>") });
  screenAt();
  expect(await screen.findByText("the store is <b>damaged</b>")).toBeTruthy();
});

it("speaks German", async () => {
  paperOikos({ run_list: { runs: [running()] } });
  screenAt("/runs", "de");
  await waitFor(() => expect(screen.getByRole("heading", { level: 1, name: "Läufe" })).toBeTruthy());
  expect(await screen.findByRole("button", { name: "Stopp: Lauf von csv-insights, analyze" })).toBeTruthy();
});
