// Places on a map that can be moved, by maplibre-gl. The world is the same outline that our page draws: no tiles, no
// letters and no pictures are fetched. Where there is no WebGL, the still picture of our page is drawn instead.

import "maplibre-gl/dist/maplibre-gl.css";
import { Map as Globe, Marker, NavigationControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useViewWords } from "../../ui/src/views/host";
import { Alternative, LABELS_MAX, mapSaid, MapDrawing, view as drawn } from "../../ui/src/views/map";
import type { View } from "../../ui/src/views/view";
import type { MapData } from "../shared/data";
import { escapeText, shortenText } from "../shared/escape";
import { frameOf } from "../shared/map";
import { worldRings } from "../shared/world";
import { useColors } from "./colors";

declare const MAP_WORKER: string;

const LABEL_CHARACTERS_MAX = 40;

// A classic worker out of this very file: maplibre would fetch a module's source again, which no frame's policy allows.
// It tells the two apart by the end of the address.
setWorkerUrl(`${URL.createObjectURL(new Blob([MAP_WORKER], { type: "text/javascript" }))}#.cjs`);

function MapGlobe({ data }: { data: MapData }) {
  const words = useViewWords();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const color = useColors();
  const [has_failed, setHasFailed] = useState(false);
  const said = mapSaid(data, words);
  const frame = useMemo(() => frameOf(data), [data]);
  useEffect(() => {
    if (box.current === null) return undefined;
    let globe: Globe;
    try {
      globe = new Globe({
        container: box.current,
        style: styleOf(data, color),
        bounds: [frame.west, Math.max(-85, frame.south), frame.east, Math.min(85, frame.north)],
        attributionControl: false,
        fadeDuration: 0,
        // A page that scrolls must not be caught by the map in it.
        cooperativeGestures: true,
      });
    } catch {
      setHasFailed(true);
      return undefined;
    }
    globe.on("error", () => setHasFailed(true));
    globe.addControl(new NavigationControl({ showCompass: false }));
    globe.getCanvas().setAttribute("aria-label", said);
    if (data.points.length <= LABELS_MAX) {
      for (const { label, latitude, longitude } of data.points) {
        const element = document.createElement("div");
        element.className = "view-place";
        element.textContent = shortenText(label, LABEL_CHARACTERS_MAX);
        new Marker({ element, anchor: "left", offset: [8, 0] }).setLngLat([longitude, latitude]).addTo(globe);
      }
    }
    return () => globe.remove();
  }, [data, frame, color, said]);
  if (has_failed) return <MapDrawing data={data} />;
  return (
    <figure className="view-map" aria-labelledby={id}>
      <figcaption id={id}>{escapeText(data.title ?? "") || said}</figcaption>
      <div ref={box} className="view-globe" dir="ltr" />
      <Alternative data={data} />
    </figure>
  );
}

function styleOf({ points, lines = [] }: MapData, color: (name: string) => string): StyleSpecification {
  return {
    version: 8,
    sources: {
      land: { type: "geojson", data: { type: "MultiPolygon", coordinates: worldRings().map((ring) => [ring]) } },
      ways: {
        type: "geojson",
        data: {
          type: "MultiLineString",
          coordinates: lines.map(({ path }) => path.map(([latitude, longitude]) => [longitude, latitude])),
        },
      },
      places: {
        type: "geojson",
        data: { type: "MultiPoint", coordinates: points.map(({ latitude, longitude }) => [longitude, latitude]) },
      },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": color("--info-soft") } },
      {
        id: "land",
        type: "fill",
        source: "land",
        paint: { "fill-color": color("--raised"), "fill-outline-color": color("--control") },
      },
      { id: "ways", type: "line", source: "ways", paint: { "line-color": color("--view-1"), "line-width": 2 } },
      {
        id: "places",
        type: "circle",
        source: "places",
        paint: {
          "circle-color": color("--accent"),
          "circle-radius": 5,
          "circle-stroke-color": color("--surface"),
          "circle-stroke-width": 1,
        },
      },
    ],
  };
}

export const view: View<MapData> = { ...drawn, Drawing: MapGlobe };
