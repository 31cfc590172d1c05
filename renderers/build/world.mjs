// Writes shared/world.ts: the land of Natural Earth (public domain, by way of world-atlas), to half a degree.
import { readFile, writeFile } from "node:fs/promises";
import { feature } from "topojson-client";

const HALVES_PER_DEGREE = 2;
const here = new URL("..", import.meta.url);
const topology = JSON.parse(await readFile(new URL("node_modules/world-atlas/land-110m.json", here), "utf8"));
const land = feature(topology, topology.objects.land);
const rings = land.features.flatMap(({ geometry }) =>
  (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat(),
);

const paths = [];
for (const ring of rings) {
  const points = [];
  for (const [longitude, latitude] of ring) {
    const point = [Math.round(longitude * HALVES_PER_DEGREE), Math.round(-latitude * HALVES_PER_DEGREE)];
    const last = points.at(-1);
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) points.push(point);
  }
  // Smaller than what half a degree can show.
  if (points.length < 4) continue;
  const steps = points.slice(1).map(([x, y], place) => [x - points[place][0], y - points[place][1]]);
  paths.push(`${points[0].join(" ")} ${steps.flat().join(" ")}`);
}

const lines = paths.map((path) => `  "${path}",`).join("\n");
await writeFile(
  new URL("shared/world.ts", here),
  `// The land of the world, from Natural Earth (public domain) at 1:110m, in half degrees. Written by build/world.mjs.

const HALVES_PER_DEGREE = ${HALVES_PER_DEGREE};

// Each ring: where it begins (east, south), then the steps from point to point.
const RINGS: readonly string[] = [
${lines}
];

/** The rings in degrees: pairs of longitude and latitude. */
export function worldRings(): [number, number][][] {
  return RINGS.map((ring) => {
    const steps = ring.split(" ").map(Number);
    let x = 0;
    let y = 0;
    const points: [number, number][] = [];
    for (let place = 0; place + 1 < steps.length; place += 2) {
      x += steps[place] ?? 0;
      y += steps[place + 1] ?? 0;
      points.push([x / HALVES_PER_DEGREE, -y / HALVES_PER_DEGREE]);
    }
    return points;
  });
}

/** The land as one SVG path: x is the longitude, y the latitude downwards. */
export const worldPath: string = worldRings()
  .map((ring) => \`M\${ring.map(([longitude, latitude]) => \`\${longitude} \${-latitude}\`).join("L")}Z\`)
  .join("");
`,
);
