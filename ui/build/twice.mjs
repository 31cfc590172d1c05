// Whether the page comes out the same wherever it is built: its sources in two folders of other names and depths, built in
// each, every file compared. The packages are those of this folder, as files of each: a link would lead both to one place.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { filesOf } from "./compress.mjs";

const HOUSE = resolve(import.meta.dirname, "../..");
const PLACES = ["a", "another/and much/deeper"];
const MADE = new Set(["dist", "node_modules", "tools", "measure", "test"]);

function built(place) {
  const ui = join(place, "ui");
  for (const part of ["ui", "renderers"]) {
    mkdirSync(join(place, part), { recursive: true });
    cpSync(join(HOUSE, part), join(place, part), { recursive: true, filter: (path) => !MADE.has(basename(path)) });
  }
  const packages = join(HOUSE, "ui/node_modules");
  try {
    execFileSync("cp", ["-al", packages, ui], { stdio: "ignore" });
  } catch {
    // Another file system, or no such program.
    cpSync(packages, join(ui, "node_modules"), { recursive: true, verbatimSymlinks: true });
  }
  rmSync(join(ui, "node_modules/.vite"), { recursive: true, force: true });
  execFileSync("npm", ["run", "build"], { cwd: ui, stdio: ["ignore", "ignore", "inherit"] });
  const dist = join(ui, "dist");
  const digest = (name) =>
    createHash("sha256")
      .update(readFileSync(join(dist, name)))
      .digest("hex");
  return new Map(filesOf(dist).map((name) => [name, digest(name)]));
}

const folder = mkdtempSync(join(tmpdir(), "oikos-twice-"));
try {
  const [one, other] = PLACES.map((place) => built(join(folder, place)));
  const names = new Set([...one.keys(), ...other.keys()]);
  const differ = [...names].filter((name) => one.get(name) !== other.get(name)).sort();
  if (names.size === 0) throw new Error("nothing was built");
  console.log(`${names.size} files built twice, ${differ.length} of them differ`);
  for (const name of differ) console.error(`  ${name}: ${one.get(name) ?? "missing"}, ${other.get(name) ?? "missing"}`);
  if (differ.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
