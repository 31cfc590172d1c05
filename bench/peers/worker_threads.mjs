// node worker_threads.mjs MODULE ACTION INPUT RUNS: a new worker for each run, and a report as JSON.
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

const [module, action, input, runs] = process.argv.slice(2);
const source = `${readFileSync(module, "utf8")}
import { parentPort } from "node:worker_threads";
parentPort.once("message", async (text) => parentPort.postMessage(JSON.stringify(await ${action}(JSON.parse(text), {}))));`;
const url = new URL("data:text/javascript," + encodeURIComponent(source));
let answer;

async function run() {
  const worker = new Worker(url);
  answer = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(input);
  });
  await worker.terminate();
  if (JSON.parse(answer).data.runs !== 1) throw new Error(`not the answer of a fresh run: ${answer}`);
}

for (let i = 0; i < 5; i++) await run();
const wall = [];
const cpu = process.cpuUsage();
const faults = process.resourceUsage().minorPageFault;
for (let i = 0; i < Number(runs); i++) {
  const start = process.hrtime.bigint();
  await run();
  wall.push(Number(process.hrtime.bigint() - start));
}
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({
  answer,
  wall_ns: wall,
  cpu_ns: (used.user + used.system) * 1000,
  faults: process.resourceUsage().minorPageFault - faults,
}));
