import { expect, it } from "vitest";
import { ROUTES, screenAt, to } from "@/routes";

it("a server of any name has its screen, and each other screen has none", () => {
  const words = new Set(ROUTES.flatMap(({ path }) => path.split("/")).filter((word) => /^[a-z]/.test(word)));
  for (const name of words) {
    expect(screenAt(to.server(name)), name).toMatchObject({ route: { path: "/servers/:app" }, place: { app: name } });
    expect(screenAt(to.app(name)), name).toMatchObject({ route: { path: "/apps/:app" }, place: { app: name } });
  }
  for (const { path } of ROUTES.filter(({ path }) => !path.includes(":"))) {
    expect(screenAt(path)?.route.path).toBe(path);
  }
  expect(screenAt(to.connect())?.route.path).toBe("/servers/-/connect");
  expect(screenAt(to.importServers())?.route.path).toBe("/servers/-/import");
  expect(screenAt("/servers/-/files")).toBeUndefined();
});
