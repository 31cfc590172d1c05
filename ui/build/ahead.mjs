// Tells dist/begin.js which parts each screen is made of, so that a browser asks for them together with the shell.
import { readFileSync, rmSync, writeFileSync } from "node:fs";

const LINE = "var SCREENS = [];";
const MANIFEST = "dist/.vite/manifest.json";
/** What stands in routes.tsx: an address and who draws it. */
const ROUTE = /path: "([^"]+)",\s*screen: part\(\(\) => import\("@\/([^"]+)"\)\)/g;

/** A place in an address may hold anything but a slash. */
export const pattern = (path) => `^${path.replaceAll(/:[a-z]+/g, "[^/]+")}$`;

/** The addresses of the page's routes, as a list of address and module. */
export function screens(routes) {
  const found = [...routes.matchAll(ROUTE)].map(([, path, module]) => [path, `src/${module}.tsx`]);
  const written = routes.split('path: "').length - 1;
  if (found.length === 0 || found.length !== written)
    throw new Error(`routes.tsx says ${written} paths, and ${found.length} of them were understood`);
  return found;
}

/** All files that a module of the build needs before it runs, but for what the shell brings along. */
export function parts(manifest, module) {
  const shell = new Set();
  const gather = (name, into) => {
    const chunk = manifest[name];
    if (!chunk) throw new Error(`the build has no ${name}`);
    if (into.has(chunk.file) || shell.has(chunk.file)) return;
    into.add(chunk.file);
    for (const style of chunk.css ?? []) if (!shell.has(style)) into.add(style);
    for (const imported of chunk.imports ?? []) gather(imported, into);
  };
  const first = new Set();
  gather("index.html", first);
  for (const file of first) shell.add(file);
  const own = new Set();
  gather(module, own);
  return [...own].map((file) => `/${file}`);
}

/** begin.js with the parts of each screen in it. */
export function filled(begin, routes, manifest) {
  if (begin.split(LINE).length !== 2) throw new Error(`begin.js has not once the line: ${LINE}`);
  const known = screens(routes).map(([path, module]) => [pattern(path), parts(manifest, module)]);
  return begin.replace(LINE, () => `var SCREENS = ${JSON.stringify(known)};`);
}

if (process.argv[1] === import.meta.filename) {
  const read = (name) => readFileSync(name, "utf8");
  writeFileSync("dist/begin.js", filled(read("public/begin.js"), read("src/routes.tsx"), JSON.parse(read(MANIFEST))));
  rmSync("dist/.vite", { recursive: true });
}
