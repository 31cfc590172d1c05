// How much script a browser loads first, and how much with each later part: gzip, as the limits are said.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_KIB_MAX = 110;
const LATER_KIB_MAX = 60;

const size = (name) => gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length / 1024;
const html = readFileSync("dist/index.html", "utf8");
const first = new Set([...html.matchAll(/(?:src|href)="\/((?:assets\/)?[^"]+\.js)"/g)].map((match) => match[1]));
const scripts = readdirSync("dist/assets")
  .filter((name) => name.endsWith(".js"))
  .map((name) => `assets/${name}`);
const later = scripts
  .filter((name) => !first.has(name))
  .map((name) => [name, size(name)])
  .sort((a, b) => b[1] - a[1]);
if (first.size === 0 || later.length === 0) throw new Error("dist has no scripts to measure");

const sum = [...first].reduce((total, name) => total + size(name), 0);
console.log(`first load    ${sum.toFixed(1)} KiB of ${FIRST_KIB_MAX}  (${[...first].join(", ")})`);
for (const [name, kib] of later.slice(0, 8))
  console.log(`later         ${kib.toFixed(1)} KiB of ${LATER_KIB_MAX}  ${name}`);
const over = later.filter(([, kib]) => kib > LATER_KIB_MAX);
if (sum > FIRST_KIB_MAX || over.length > 0) {
  console.error("The page is too large. Load what few people see later (routes.tsx), or take a smaller library.");
  process.exit(1);
}
