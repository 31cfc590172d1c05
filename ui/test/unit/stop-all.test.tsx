import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { StopAll } from "@/layout/StopAll";
import { paperOikos, renderScreen } from "./kit";

const RUN = "01997a6e-0000-7000-8000-000000000001";
it("says what stopping everything did, also to apps that start by themselves", async () => {
  paperOikos({ run_list: { runs: [] }, run_stop_all: { runs: [RUN], paused: ["clockwork", "daily-note"] } });
  renderScreen(StopAll, { path: "/", at: "/" });
  await userEvent.click(screen.getByRole("button", { name: "Stop everything" }));
  await screen.findByText("1 run stopped. Apps that do not start by themselves until you let them: 2.");
});

it("speaks of no such app where there is none", async () => {
  paperOikos({ run_list: { runs: [] }, run_stop_all: { runs: [], paused: [] } });
  renderScreen(StopAll, { path: "/", at: "/", language: "de" });
  await userEvent.click(screen.getByRole("button", { name: "Alles stoppen" }));
  expect(await screen.findByText("Es lief nichts.")).toBeTruthy();
});
