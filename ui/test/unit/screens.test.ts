import { expect, it } from "vitest";
import { ROUTES } from "@/routes";
import { SCREENS } from "../e2e/screens";

it("no screen is left out of those that are looked at", () => {
  const looked = new Set(SCREENS.map(({ route }) => route));
  expect(ROUTES.map(({ path }) => path).filter((path) => !looked.has(path))).toEqual([]);
  const routes = new Set([...ROUTES.map(({ path }) => path), "sign-in", "not-found"]);
  expect([...looked].filter((route) => !routes.has(route))).toEqual([]);
  expect(new Set(SCREENS.map(({ name }) => name)).size).toBe(SCREENS.length);
});
