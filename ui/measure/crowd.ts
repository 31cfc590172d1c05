// A house that has been lived in for a long time: 500 apps, 10,000 entries in the log, and an app that says 100,000
// lines in one run. All of it is asked of a real oikos, through the socket of its owner.
import { request } from "node:http";
import { House } from "../test/e2e/house";

export const APPS = 500;
export const ENTRIES = 10_000;
/** As many as a run may log: a MiB in all is kept, so each line has ten characters. */
export const LINES = 100_000;
/** Says everything that is measured here. */
export const CHATTER = "chatter";

/** oikos reads no more packages at once. */
const AT_ONCE = 4;

export async function setCrowd(): Promise<House> {
  const house = await House.open();
  try {
    await timed(`${APPS} apps`, () => installAll(house));
    await timed(`${ENTRIES} entries`, () => fillLog(house));
  } catch (error) {
    await house.close();
    throw error;
  }
  return house;
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const from = Date.now();
  await work();
  console.log(`${what} in ${((Date.now() - from) / 1000).toFixed(0)} s`);
}

async function installAll(house: House): Promise<void> {
  await writeApp(house, CHATTER, "Chatter", CHATTER_APP);
  const names = [CHATTER];
  for (let place = names.length; place < APPS; place += 1) {
    const name = `${WORDS[place % WORDS.length]}-${String(place).padStart(3, "0")}`;
    await writeApp(house, name, `${capital(WORDS[place % WORDS.length])} keeper ${place}`, {
      code: 'export async function note(payload) {\n  return `noted ${payload.text ?? "nothing"}`;\n}\n',
      actions: { note: { title: "Note something", input: TEXT_INPUT } },
      permissions: PERMISSIONS[place % PERMISSIONS.length] ?? {},
    });
    names.push(name);
  }
  await inParallel(names, async (name) => {
    const { offer } = await ask<{ offer: string }>(house, "POST", "/offers", { source: house.path("files", name) });
    await ask(house, "POST", `/offers/${offer}/install`, { choices: [] });
  });
}

/** Runs until the log is long enough, each with a few lines of its own. */
async function fillLog(house: House): Promise<void> {
  const { apps } = await ask<{ apps: { name: string }[] }>(house, "GET", "/apps?limit=1000");
  if (apps.length !== APPS) throw new Error(`${apps.length} apps are installed, not ${APPS}`);
  const quiet = apps.map(({ name }) => name).filter((name) => name !== CHATTER);
  for (let length = await lengthOf(house); length < ENTRIES; length = await lengthOf(house)) {
    const batch = Array.from({ length: 256 }, (_, place) => quiet[(length + place) % quiet.length] ?? CHATTER);
    await inParallel(batch, (app) =>
      ask(house, "POST", "/runs", { app, action: "note", input: { text: "something" } }),
    );
  }
}

const lengthOf = async (house: House): Promise<number> =>
  (await ask<{ entries: { seq: number }[] }>(house, "GET", "/log?limit=1")).entries[0]?.seq ?? 0;

/** Begins a run and does not wait for its end. */
export async function begin(house: House, app: string, action: string, input: object): Promise<string> {
  const known = new Set((await runs(house)).map(({ run }) => run));
  void ask(house, "POST", "/runs", { app, action, input }).catch(() => {});
  for (;;) {
    const fresh = (await runs(house)).find((run) => run.app === app && !known.has(run.run));
    if (fresh) return fresh.run;
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function runs(house: House): Promise<{ run: string; app: string; ended_at?: number | null }[]> {
  return (await ask<{ runs: { run: string; app: string; ended_at?: number | null }[] }>(house, "GET", "/runs?limit=50"))
    .runs;
}

export function ask<T>(house: House, method: string, path: string, body?: object): Promise<T> {
  return new Promise((done, failed) => {
    const asked = request(
      {
        socketPath: house.path("oikos", "socket"),
        method,
        path: `/api/v1${path}`,
        headers: { "content-type": "application/json" },
      },
      (answer) => {
        let said = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => (said += piece));
        answer.on("end", () =>
          (answer.statusCode ?? 500) < 300
            ? done(JSON.parse(said || "null") as T)
            : failed(new Error(`${path}: ${said}`)),
        );
      },
    );
    asked.on("error", failed);
    asked.end(body && JSON.stringify(body));
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

interface Made {
  code: string;
  actions: object;
  permissions: object;
}

async function writeApp(house: House, id: string, name: string, { code, actions, permissions }: Made): Promise<void> {
  const manifest = {
    id,
    name,
    version: "1.0.0",
    description: `${name}: one of many, for measuring the page.`,
    developer: "The oikos project",
    category: "test",
    limits: { cpu_ms: 600_000 },
  };
  await house.file(`${id}/manifest.json`, JSON.stringify(manifest));
  await house.file(`${id}/action-schema.json`, JSON.stringify(actions));
  await house.file(`${id}/permissions.json`, JSON.stringify(permissions));
  await house.file(`${id}/bot-logic.js`, code);
}

const capital = (word = ""): string => word.slice(0, 1).toUpperCase() + word.slice(1);

const WORDS = ["letter", "garden", "weather", "ledger", "recipe", "photo", "train", "music", "paper", "winter"];

const PERMISSIONS = [
  { storage: false, ai: false },
  { storage: { quota: "1 MiB", reason: "What was noted." }, ai: false },
  { network: { reason: "Looks it up." }, storage: false, ai: false },
];

const TEXT_INPUT = {
  type: "object",
  additionalProperties: false,
  properties: { text: { type: "string", maxLength: 1000, title: "Text" } },
};

/** Waits to be looked at, says its lines a few hundred at a time, and stays until it is stopped. */
const CHATTER_APP: Made = {
  code: `export async function chatter({ lines, wait_ms: waitMs, stay_ms: stayMs = 0 }) {
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  for (let line = 0; line < lines; line += 1) {
    console.log("line " + String(line).padStart(5, "0"));
    if (line % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, stayMs));
  return "said all";
}
export async function note({ text }) {
  return text;
}
`,
  actions: {
    chatter: {
      title: "Say many lines",
      input: {
        type: "object",
        additionalProperties: false,
        properties: {
          lines: { type: "integer", minimum: 0, maximum: LINES },
          wait_ms: { type: "integer", minimum: 0, maximum: 60_000 },
          stay_ms: { type: "integer", minimum: 0, maximum: 600_000 },
        },
      },
    },
    note: { title: "Note something", input: TEXT_INPUT },
  },
  permissions: { storage: false, ai: false },
};
