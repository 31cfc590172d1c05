import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { client } from "@/api/client";
import { acts } from "@/api/operations";
import NotFoundPage from "@/pages/not-found/NotFoundPage";
import { paperOikos, Refuse, renderScreen } from "./kit";

it("answers as oikos would, and refuses what oikos would never say", async () => {
  const asked = paperOikos({
    status: { pid: 1, version: "0.1.0" },
    app_list: { apps: [{ name: "UPPER CASE" }] },
    run_stop_all: new Refuse(429, "rate_limited", "too much", "wait"),
  });
  expect((await client.GET("/api/v1/status")).data).toEqual({ pid: 1, version: "0.1.0" });
  await expect(client.GET("/api/v1/apps")).rejects.toThrow("not as docs/openapi.json says");
  await expect(acts.runStopAll()).rejects.toMatchObject({ code: "rate_limited", hint: "wait" });
  await expect(acts.grantSet("notes", [{ line: "x", state: "maybe" as "ask" }])).rejects.toThrow(
    "what grant_set was asked",
  );
  expect(asked.map(({ operation }) => operation)).toEqual(["status", "app_list", "run_stop_all"]);
});

it("draws a screen", async () => {
  paperOikos({});
  renderScreen(NotFoundPage, { path: "/nowhere", at: "/nowhere" });
  expect(await screen.findByRole("heading", { level: 1 })).toBeTruthy();
});
