// A house in which something has happened, for looking at every screen: made on the command line, in the owner's name.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { House } from "./house";
import type { Stage } from "./screens";

interface Summary {
  run: string;
  app: string;
}

export async function setStage(): Promise<Stage> {
  const house = await House.open();
  const install = (source: string, ...more: string[]) =>
    house.say("app", "install", house.package(source), "--yes", ...more);
  const table = await house.file("sales.csv", tableText());
  const untidy = house.path("files", "untidy");
  for (const name of ["letter.txt", "photo.jpg", "table.csv"]) await house.file(`untidy/${name}`, name);
  await install("apps/csv-insights");
  await install("apps/notes");
  await install("apps/greeter");
  await install("apps/daily-note", "--grant", `file=allow:${untidy}`).catch(() => install("apps/daily-note"));
  await install("apps/page-watch");
  await install("apps/tip-split");
  await install("crates/cli/tests/apps/ledger");
  for (const name of ["looper", "bounded", "courier", "counter", "clockwork"])
    await install(`crates/cli/tests/apps/${name}`);
  await house.file("papers/one.txt", "one");
  await install("crates/cli/tests/apps/scribe");
  const papers = house.path("files", "papers");
  await house.say("grant", "scribe", `file.read=allow:${papers}`, `file.write=ask:${papers}`);
  await house.say("app", "disable", "counter");
  await house.say("stop", "clockwork");
  await house.file("broken/manifest.json", '{ "id": "Broken App", "version": "one" }');
  for (const [name, text] of Object.entries(ATLAS)) await house.file(`atlas/${name}`, text);
  await house.say("app", "install", house.path("files", "atlas"), "--yes");
  await install("ui/test/e2e/apps/fickle");
  await house.say("mcp", "look", "fickle");
  await house.say("mcp", "accept", "fickle");
  await house.say("mcp", "allow", "fickle", "turn");
  await setUpElsewhere(house);
  const ended = async (...words: string[]): Promise<string> => {
    const lines = (await house.say("run", "--json", ...words)).trim().split("\n");
    return (JSON.parse(lines.at(-1) ?? "{}") as Summary).run;
  };
  const runs = {
    table: await ended("csv-insights", "analyze", "--file", `data=${table}`),
    notes: await ended("notes", "add", "--input", JSON.stringify({ text: "Rye bread: 80 % hydration" })),
    moved: await ended("notes", "export", "--file", `to=${house.path("files", "notes.md")}`),
    // A column that is not there.
    failed: await failed(house, "csv-insights", "group", "--file", `data=${table}`, "--input", '{ "by": ["planet"] }'),
    limited: await failed(house, "bounded", "compute"),
    places: await ended("atlas", "places"),
    text: await ended("atlas", "guide"),
    answer: await ended("fickle", "show"),
  };
  // From now on it says something else.
  await ended("fickle", "turn");
  await house.say("mcp", "look", "fickle");
  return { house, empty: await House.open(), runs };
}

/** Servers of another program: one that can be had, one that cannot, one that is called, and a file that cannot be read. */
async function setUpElsewhere(house: House): Promise<void> {
  const put = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  const home = (...parts: string[]) => house.path("home", ...parts);
  await put(home("servers/weather/package.json"), "{}");
  const program = await readFile(house.package("ui/test/e2e/apps/fickle/server.js"), "utf8");
  await put(home("servers/weather/server.js"), program);
  await mkdir(home("notes"), { recursive: true });
  const servers = {
    weather: {
      command: "node",
      args: [home("servers/weather/server.js"), home("notes")],
      env: { GREETING: "hello", WEATHER_TOKEN: "0123456789abcdef" },
    },
    search: { url: "https://mcp.example.org/mcp", headers: { Authorization: "Bearer 0123456789abcdef" } },
    fetch: { command: "npx", args: ["-y", "@modelcontextprotocol/server-everything"] },
    backup: { command: "sh", args: ["-c", "tar c ~ | ssh backup"] },
  };
  await put(home(".config/Claude/claude_desktop_config.json"), JSON.stringify({ mcpServers: servers }, null, 2));
  await put(home(".cursor/mcp.json"), '{ "mcpServers": {');
}

/** The id of a run that ends badly. */
async function failed(house: House, ...words: string[]): Promise<string> {
  const said = await house.say("run", "--json", ...words).then(
    () => "",
    (error: { stdout?: string }) => error.stdout ?? "",
  );
  const id = /"run":\s*"([^"]+)"/.exec(said)?.[1];
  if (!id) throw new Error(`${words.join(" ")} should have failed: ${said}`);
  return id;
}

/** An app that shows what the apps of this repository do not: a map, and a text with everything in it. */
const ATLAS = {
  "manifest.json": JSON.stringify({
    id: "atlas",
    name: "Atlas",
    version: "1.0.0",
    description: "Shows a few places on a map, and tells of them.",
    developer: "The oikos project",
  }),
  "permissions.json": JSON.stringify({ storage: false, ai: false }),
  "action-schema.json": JSON.stringify({
    places: { title: "Show the places", input: { type: "object" } },
    guide: { title: "Tell of them", input: { type: "object" } },
  }),
  "bot-logic.js": `
    const PLACES = [["Wien", 48.21, 16.37], ["Graz", 47.07, 15.44], ["Linz", 48.31, 14.29], ["Salzburg", 47.81, 13.04]];
    export const places = () => ({
      renderer: "map",
      summary: "4 places",
      data: {
        title: "Where it was sold",
        points: PLACES.map(([label, latitude, longitude]) => ({ label, latitude, longitude })),
        lines: [{ label: "The way", path: PLACES.map(([, latitude, longitude]) => [latitude, longitude]) }],
      },
    });
    export const guide = () => ({
      renderer: "markdown",
      summary: "A guide",
      data: {
        text: "# Four towns\\n\\nA **short** guide, with a [link](https://example.org/) and \\\`code\\\`.\\n\\n| Town | Sales |\\n| --- | ---: |\\n| Wien | 2 514 |\\n| Graz | 987 |\\n\\n1. See it\\n2. Leave\\n\\n> Nothing leaves this computer.\\n",
      },
    });
  `,
};

const CITIES = ["Wien", "Graz", "Linz", "Salzburg"];
const tableText = () =>
  [
    "month,city,sales",
    ...Array.from({ length: 96 }, (_, row) => `${(row % 12) + 1},${CITIES[row % 4]},${100 + ((row * 37) % 113)}`),
  ].join("\n");
