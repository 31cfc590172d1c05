// Tells the service worker which files make up this build: dist/sw.js gets their list, and a digest of all of them.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf } from "./compress.mjs";

// Beside the scripts and styles: what index.html names.
const NAMED = ["icon.svg", "manifest.webmanifest", "begin.js"];
const BUILD_LINE = 'const BUILD = "unbuilt";';
const SHELL_LINE = "const SHELL = [];";

/** The worker with the files of a folder in it. */
export function filled(worker, folder) {
  for (const line of [BUILD_LINE, SHELL_LINE]) {
    if (worker.split(line).length !== 2) throw new Error(`the worker has not once the line: ${line}`);
  }
  const present = filesOf(folder);
  const missing = ["index.html", ...NAMED].filter((name) => !present.includes(name));
  if (missing.length > 0) throw new Error(`the build lacks ${missing.join(", ")}`);
  const names = present.filter((name) => (name.startsWith("assets/") && !name.endsWith(".br")) || NAMED.includes(name));
  const digest = createHash("sha256");
  for (const name of ["index.html", ...names]) digest.update(`${name}\0`).update(readFileSync(join(folder, name)));
  const shell = ["/", ...names.map((name) => `/${name}`)];
  return worker
    .replace(BUILD_LINE, `const BUILD = ${JSON.stringify(digest.digest("hex").slice(0, 16))};`)
    .replace(SHELL_LINE, `const SHELL = ${JSON.stringify(shell)};`);
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync("dist/sw.js", filled(readFileSync("public/sw.js", "utf8"), "dist"));
}
