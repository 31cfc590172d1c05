// A flat map of the world (plate carrée) around some places: which part is shown, and where things stand in it.

import type { MapData } from "./data";

export interface Frame {
  west: number;
  east: number;
  south: number;
  north: number;
}

// So that a single place still has a map around it.
const DEGREES_MIN = 12;
// Room around the outermost places.
const MARGIN = 0.15;

export function frameOf({ points, lines = [] }: MapData): Frame {
  let frame = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity };
  const add = (latitude: number, longitude: number) => {
    frame = {
      west: Math.min(frame.west, longitude),
      east: Math.max(frame.east, longitude),
      south: Math.min(frame.south, latitude),
      north: Math.max(frame.north, latitude),
    };
  };
  for (const { latitude, longitude } of points) add(latitude, longitude);
  for (const { path } of lines) for (const [latitude, longitude] of path) add(latitude, longitude);
  if (frame.west > frame.east) return { west: -180, east: 180, south: -90, north: 90 };
  const wide = Math.max(frame.east - frame.west, DEGREES_MIN);
  const high = Math.max(frame.north - frame.south, DEGREES_MIN);
  const size = Math.max(wide, 2 * high) * (1 + 2 * MARGIN);
  return around(
    (frame.west + frame.east) / 2,
    (frame.south + frame.north) / 2,
    Math.min(360, size),
    Math.min(180, size / 2),
  );
}

/** A frame of this size that stays on the map. */
function around(longitude: number, latitude: number, wide: number, high: number): Frame {
  const west = Math.min(180 - wide, Math.max(-180, longitude - wide / 2));
  const south = Math.min(90 - high, Math.max(-90, latitude - high / 2));
  return { west, east: west + wide, south, north: south + high };
}

/** Lines of latitude or longitude between two ends, at round degrees. */
export function graticule(from: number, to: number): number[] {
  const step = [1, 2, 5, 10, 15, 30, 45].find((step) => (to - from) / step <= 8) ?? 60;
  const lines: number[] = [];
  for (let line = Math.ceil(from / step) * step; line <= to; line += step) lines.push(line);
  return lines;
}
