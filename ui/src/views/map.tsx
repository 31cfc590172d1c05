import { useId, useMemo } from "react";
import schema from "../../../renderers/map/schema.json";
import { numberText, type CellWords } from "../../../renderers/shared/cells";
import type { MapData, TableData } from "../../../renderers/shared/data";
import { escapeText, shortenText } from "../../../renderers/shared/escape";
import { frameOf, graticule } from "../../../renderers/shared/map";
import { texts } from "../../../renderers/shared/text";
import type { Words } from "../../../renderers/shared/words";
import { worldPath } from "../../../renderers/shared/world";
import { each } from "./each";
import { useViewWords } from "./host";
import { Table } from "./table";
import type { View } from "./view";

// More labels than this lie on one another.
export const LABELS_MAX = 12;
const LABEL_CHARACTERS_MAX = 24;

export function MapDrawing({ data }: { data: MapData }) {
  const words = useViewWords();
  const id = useId();
  const { points, lines = [] } = data;
  const frame = useMemo(() => frameOf(data), [data]);
  const wide = frame.east - frame.west;
  const high = frame.north - frame.south;
  const named = points.slice(0, LABELS_MAX).map(({ label }) => shortenText(label, LABEL_CHARACTERS_MAX));
  const said = mapSaid(data, words);
  return (
    <figure className="view-map" aria-labelledby={id}>
      <figcaption id={id}>
        {escapeText(data.title ?? "") || words.places(numberText(points.length, words.language))}
      </figcaption>
      <div className="view-map-box" dir="ltr">
        {/* North is up: what is further south has the larger y. */}
        <svg
          role="img"
          aria-label={said}
          viewBox={`${frame.west} ${-frame.north} ${wide} ${high}`}
          preserveAspectRatio="none"
        >
          <path className="view-land" d={worldPath} />
          {graticule(frame.west, frame.east).map((line) => (
            <line key={`m${line}`} className="view-grid" x1={line} x2={line} y1={-frame.north} y2={-frame.south} />
          ))}
          {graticule(frame.south, frame.north).map((line) => (
            <line key={`p${line}`} className="view-grid" x1={frame.west} x2={frame.east} y1={-line} y2={-line} />
          ))}
          {each(lines, ({ path }, place) => (
            <polyline
              className={`view-line view-stroke-${(place % 6) + 1}`}
              points={path.map(([latitude, longitude]) => `${longitude},${-latitude}`).join(" ")}
            />
          ))}
          {each(points, ({ latitude, longitude }) => (
            // A line of no length with round ends: a dot of one size however the map is stretched.
            <path className="view-dot" d={`M${longitude} ${-latitude}h0`} />
          ))}
        </svg>
        {points.length <= LABELS_MAX && (
          <ul aria-hidden="true">
            {each(points, ({ latitude, longitude }, place) => (
              <li
                style={{
                  left: `${(100 * (longitude - frame.west)) / wide}%`,
                  top: `${(100 * (frame.north - latitude)) / high}%`,
                }}
              >
                <bdi>{named[place]}</bdi>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Alternative data={data} />
    </figure>
  );
}

/** The map in words, for those who do not see it. */
export function mapSaid({ points }: MapData, { mapOf, language }: Words & CellWords): string {
  const named = points.slice(0, LABELS_MAX).map(({ label }) => shortenText(label, LABEL_CHARACTERS_MAX));
  const rest = points.length - named.length;
  return mapOf([...named, ...(rest > 0 ? [`+${numberText(rest, language)}`] : [])].join(", "));
}

export function Alternative({ data }: { data: MapData }) {
  const words = useViewWords();
  const table = useMemo<TableData>(
    () => ({
      columns: [words.place, words.latitude, words.longitude, words.note],
      rows: data.points.map(({ label, latitude, longitude, text }) => [label, latitude, longitude, text ?? null]),
    }),
    [data, words],
  );
  return (
    <details>
      <summary>{words.asList}</summary>
      <Table data={table} />
    </details>
  );
}

export const view: View<MapData> = { schema, text: texts.map, Drawing: MapDrawing };
