// What Lighthouse says of five main pages on a phone, with a house behind them in which something has happened. Each
// page is loaded anew each time, with nothing kept but the login, and the median counts.
//
// RUNS=1 asks once; ONLY=apps,run asks for these pages alone; KEEP=FOLDER keeps all that Lighthouse said.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { freePort, openBrowser, type House } from "../test/e2e/house";
import { setStage } from "../test/e2e/stage";
import { median, table } from "./table";

const ENOUGH = 95;
/** The page hears news for as long as it is open, and Lighthouse would wait for that to end. */
const LOAD_MS_MAX = 15_000;
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"] as const;
const FIGURES = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "total-blocking-time",
  "cumulative-layout-shift",
] as const;

/** As much as is used of what Lighthouse answers. Its own types are there only where it is installed. */
interface Report {
  runtimeError?: { message: string };
  finalDisplayedUrl: string;
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { title: string; score: number | null; numericValue?: number; displayValue?: string }>;
}
type Lighthouse = (address: string, flags: object) => Promise<{ lhr: Report } | undefined>;

export async function measure(lighthouse: Lighthouse): Promise<boolean> {
  const times = Number(process.env["RUNS"] ?? 5);
  const keep = process.env["KEEP"];
  if (keep) await mkdir(keep, { recursive: true });
  const only = process.env["ONLY"]?.split(",");
  const { house, runs } = await setStage();
  const port = await freePort();
  const browser = await openBrowser(`--remote-debugging-port=${port}`);
  try {
    const pages = {
      apps: "/apps",
      app: "/apps/csv-insights",
      run: `/runs/${runs.table}`,
      activity: "/activity",
      grants: "/grants",
    };
    await signInAtPort(house, port);
    const asked = Object.entries(pages).filter(([name]) => !only || only.includes(name));
    const reports = new Map<string, Report[]>(asked.map(([name]) => [name, []]));
    // In turns, so that whatever else the machine does hits all pages alike.
    for (let turn = 1; turn <= times; turn += 1) {
      for (const [name, path] of asked) {
        const flags = {
          port,
          output: "json",
          logLevel: "error",
          onlyCategories: CATEGORIES,
          maxWaitForLoad: LOAD_MS_MAX,
        };
        const report = (await lighthouse(house.origin + path, flags))?.lhr;
        if (!report || report.runtimeError) throw new Error(report?.runtimeError?.message ?? "Lighthouse says nothing");
        if (new URL(report.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led elsewhere`);
        reports.get(name)?.push(report);
        if (keep) await writeFile(join(keep, `${name}-${turn}.json`), JSON.stringify(report));
        console.log(`${turn} of ${times}  ${name.padEnd(10)} ${CATEGORIES.map((id) => scoreOf(report, id)).join(" ")}`);
      }
    }
    return tell(reports);
  } finally {
    await browser.close();
    await house.close();
  }
}

/** Lighthouse opens its pages in the window that a browser begins with, so that one has to be signed in. */
async function signInAtPort(house: House, port: number): Promise<void> {
  const behind = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const [context] = behind.contexts();
  if (!context) throw new Error("the browser has no window");
  const page = await context.newPage();
  await page.goto(await house.link());
  await page.getByRole("navigation").first().waitFor();
  await page.close();
}

const scoreOf = (report: Report, category: string): number =>
  Math.round((report.categories[category]?.score ?? 0) * 100);

function tell(reports: ReadonlyMap<string, readonly Report[]>): boolean {
  let isEnough = true;
  const rows = [...reports].map(([name, all]) => {
    const scores = CATEGORIES.map((id) => median(all.map((report) => scoreOf(report, id))));
    if (scores.some((score) => score < ENOUGH)) isEnough = false;
    const [fcp, lcp, tbt, cls] = FIGURES.map((id) => median(all.map(({ audits }) => audits[id]?.numericValue ?? NaN)));
    return [
      name,
      ...scores,
      `${fcp?.toFixed(0)} ms`,
      `${lcp?.toFixed(0)} ms`,
      `${tbt?.toFixed(0)} ms`,
      cls?.toFixed(3),
    ];
  });
  console.log(
    `\n${table(["page", "speed", "access", "practices", "search", "FCP", "LCP", "blocked", "shift"], rows)}\n`,
  );
  for (const [name, all] of reports) {
    const lacking = new Set(all.flatMap((report) => CATEGORIES.flatMap((id) => lackingIn(report, id))));
    for (const line of lacking) console.log(`${name}: ${line}`);
  }
  if (!isEnough) console.error(`A median is below ${ENOUGH}.`);
  return isEnough;
}

/** What costs points. */
function lackingIn(report: Report, category: string): string[] {
  const { auditRefs = [] } = report.categories[category] ?? {};
  return auditRefs
    .filter(({ id, weight }) => weight > 0 && (report.audits[id]?.score ?? 1) < 0.9)
    .map(({ id }) => `${category}: ${report.audits[id]?.title}`);
}
