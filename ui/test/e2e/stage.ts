// A house in which something has happened, for looking at every screen: made on the command line, in the owner's name.
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
  await install("crates/cli/tests/apps/looper");
  const ended = async (...words: string[]): Promise<string> => {
    const lines = (await house.say("run", "--json", ...words)).trim().split("\n");
    return (JSON.parse(lines.at(-1) ?? "{}") as Summary).run;
  };
  const runs = {
    table: await ended("csv-insights", "analyze", "--file", `data=${table}`),
    notes: await ended("notes", "add", "--input", JSON.stringify({ text: "Rye bread: 80 % hydration" })),
    moved: await ended("notes", "export", "--file", `to=${house.path("files", "notes.md")}`),
    failed: await failed(house),
  };
  return { house, runs };
}

/** A run that fails: a table that is none. */
async function failed(house: House): Promise<string> {
  const noise = await house.file("noise.csv", "\u0000\u0001\u0002");
  const said = await house
    .say("run", "--json", "csv-insights", "analyze", "--file", `data=${noise}`)
    .catch((error: { stdout?: string }) => error.stdout ?? "");
  const id = /"run":\s*"([^"]+)"/.exec(said)?.[1];
  if (!id) throw new Error(`the run that should fail says no id: ${said}`);
  return id;
}

const CITIES = ["Wien", "Graz", "Linz", "Salzburg"];
const tableText = () =>
  [
    "month,city,sales",
    ...Array.from({ length: 96 }, (_, row) => `${(row % 12) + 1},${CITIES[row % 4]},${100 + ((row * 37) % 113)}`),
  ].join("\n");
