// What a browser is told to fetch together with the shell: the parts of the screen that was asked for.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filled, parts, pattern, screens } from "../../build/ahead.mjs";
import { ROUTES } from "@/routes";

const BEGIN = readFileSync("public/begin.js", "utf8");
const SOURCE = readFileSync("src/routes.tsx", "utf8");
const MANIFEST = {
  "index.html": { file: "assets/index.js", css: ["assets/index.css"], imports: ["_shared.js"] },
  "_shared.js": { file: "assets/shared.js" },
  "_list.js": { file: "assets/list.js", css: ["assets/list.css"], imports: ["_shared.js", "index.html"] },
  "src/pages/one.tsx": { file: "assets/one.js", imports: ["index.html", "_list.js"] },
};

describe("the parts of a screen", () => {
  it("are known for every route of the page", () => {
    const found = screens(SOURCE);
    expect(found.map(([path]) => path)).toEqual(ROUTES.map(({ path }) => path));
    expect(found).toContainEqual(["/runs/:run", "src/pages/runs/RunPage.tsx"]);
  });

  it("come with what they need and without what the shell brings", () => {
    expect(parts(MANIFEST, "src/pages/one.tsx")).toEqual(["/assets/one.js", "/assets/list.js", "/assets/list.css"]);
  });

  it("are not guessed", () => {
    expect(() => parts(MANIFEST, "src/pages/two.tsx")).toThrow("src/pages/two.tsx");
    expect(() => screens('path: "/a", screen: somewhereElse')).toThrow("1 paths, and 0");
    expect(() => filled("nothing to fill in", SOURCE, MANIFEST)).toThrow("has not once the line");
  });

  it.each([
    ["/apps/:app", "/apps/notes", true],
    ["/apps/:app", "/apps/notes/run/add", false],
    ["/apps/:app/run/:action", "/apps/notes/run/add", true],
    ["/", "/apps", false],
  ])("%s is asked for by %s: %s", (path, address, fits) => {
    expect(new RegExp(pattern(path)).test(address)).toBe(fits);
  });

  it.each([
    ["/one/x", ["/assets/one.js", "/assets/list.js", "/assets/list.css"]],
    ["/two", []],
  ])("are asked for at %s", (address, expected) => {
    const routes = 'path: "/one/:name",\n    screen: part(() => import("@/pages/one"))';
    const asked: string[] = [];
    const page = {
      documentElement: { dataset: {} },
      createElement: () => ({}),
      head: { append: ({ href }: { href: string }) => asked.push(href) },
    };
    const begin = new Function("document", "location", "localStorage", "matchMedia", filled(BEGIN, routes, MANIFEST));
    begin(page, { pathname: address }, { getItem: () => null }, () => ({ matches: false }));
    expect(asked).toEqual(expected);
  });
});
