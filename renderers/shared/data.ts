// What each renderer draws. The schemas beside the renderers say the same and are what is checked; a test holds the
// examples against both.

export type Cell = string | number | boolean | null;

export interface CardData {
  title: string;
  subtitle?: string;
  text?: string;
  facts?: Fact[];
  links?: Link[];
  footer?: string;
}

export interface Fact {
  label: string;
  value: Cell;
}

export interface Link {
  label: string;
  url: string;
}

export interface TableData {
  caption?: string;
  columns: string[];
  rows: Cell[][];
  /** How many rows there are in all, where `rows` has not all of them. */
  total?: number;
}

export interface MarkdownData {
  title?: string | null;
  text: string;
}

export interface KeyValueData {
  title?: string;
  entries: { key: string; value: Cell; note?: string }[];
}

export type State = "done" | "working" | "waiting" | "warning" | "failed";

export interface StatusData {
  state: State;
  title: string;
  text?: string;
  progress?: { done: number; total: number };
  steps?: { state: State; title: string; text?: string }[];
}

export interface ChartData {
  kind?: "bar" | "histogram" | "line";
  title?: string;
  /** What the labels are. */
  label?: string;
  /** What the numbers are. */
  unit?: string;
  labels: string[];
  values?: (number | null)[];
  /** The numbers exactly, as text. */
  texts?: (string | null)[];
  /** Instead of `values`: several lines or groups of bars over the same labels. */
  series?: Series[];
}

export interface Series {
  name: string;
  values: (number | null)[];
  texts?: (string | null)[];
}

export interface MapData {
  title?: string;
  points: MapPoint[];
  lines?: { label?: string; path: [number, number][] }[];
}

export interface MapPoint {
  latitude: number;
  longitude: number;
  label: string;
  text?: string;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogData {
  title?: string;
  lines: (string | { text: string; level?: LogLevel; time?: string })[];
}

export interface DiffData {
  title?: string;
  /** The two texts … */
  before?: string;
  after?: string;
  /** … or the difference, in the unified form. */
  patch?: string;
}

export type Sky =
  "clear" | "partly-cloudy" | "cloudy" | "fog" | "drizzle" | "rain" | "snow" | "sleet" | "storm" | "wind";

export interface WeatherData {
  places: WeatherPlace[];
  /** Of all temperatures here; `C` where it is not said. */
  unit?: "C" | "F";
}

export interface WeatherPlace {
  name: string;
  at?: string;
  sky?: Sky;
  temperature?: number;
  text?: string;
  days?: { day: string; sky?: Sky; low?: number; high?: number; rain_percent?: number }[];
}

export interface SearchData {
  query?: string;
  results: { title: string; url?: string; text?: string; source?: string; date?: string }[];
  /** How many were found in all, where `results` has not all of them. */
  total?: number;
}

/** What an MCP server answered, verbatim: the result of a tool, of a resource or of a prompt. */
export interface McpData {
  content?: McpPart[];
  structuredContent?: unknown;
  isError?: boolean;
  contents?: McpResource[];
  messages?: { role: string; content: McpPart }[];
  /** In place of a result: the server would not. */
  "mcp/refusal"?: { code?: number; message: string; data?: unknown };
}

export interface McpPart {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
  resource?: McpResource;
  uri?: string;
  name?: string;
  title?: string;
  description?: string;
}

export interface McpResource {
  uri: string;
  mimeType?: string;
  text?: string;
  blob?: string;
}

export interface RendererData {
  card: CardData;
  table: TableData;
  markdown: MarkdownData;
  "key-value": KeyValueData;
  status: StatusData;
  chart: ChartData;
  map: MapData;
  log: LogData;
  diff: DiffData;
  "weather-cards": WeatherData;
  "search-cards": SearchData;
  mcp: McpData;
}

export type RendererName = keyof RendererData;
