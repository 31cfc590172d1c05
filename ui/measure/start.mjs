// Starts one of the measurements. They are written in TypeScript and use the house of the tests: Vite reads them.
import { join } from "node:path";
import { runnerImport } from "vite";

// What one of them alone needs, and what is there only where it was asked for.
const NEEDED = { lighthouse: async () => (await import("lighthouse")).default, speed: async () => undefined };

const [name] = process.argv.slice(2);
if (!Object.hasOwn(NEEDED, name)) throw new Error(`which one: ${Object.keys(NEEDED).join(" or ")}?`);
const needed = await NEEDED[name]();
const { module } = await runnerImport(join(import.meta.dirname, `${name}.ts`), {
  configFile: false,
  logLevel: "error",
});
process.exitCode = (await module.measure(needed)) ? 0 : 1;
