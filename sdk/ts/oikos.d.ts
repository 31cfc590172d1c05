/**
 * What an app finds in oikos: the `ctx` of every action, and the few globals beside the language itself.
 *
 * Every function that leaves the sandbox answers with a promise. A refused or failed call rejects with an
 * {@link OikosError}; its `code` is stable, its `message` is for people. An error that nobody catches ends the run with
 * the same code.
 *
 * A run begins from the state that the modules had after they were loaded, and nothing of it is left afterwards: what
 * has to stay goes into {@link Storage}. While the modules are loaded (and in `activate`), every effect, timer and random
 * byte fails with `not_in_activation`.
 *
 * The usual limits of one run: 5 s of computing, 10 min in all, 60 s without any progress, 128 MiB of memory, 64 MiB
 * streamed, 1 MiB logged, 256 calls and timers under way, 64 files and tables open, 4 MiB for what one call carries in
 * either direction. A limit that is reached ends the run (`cpu_limit`, `timeout`, `memory_limit`, `stream_limit`) or
 * rejects the call (`operation_limit`, `too_large`). `limits` in the manifest asks for more computing, time and memory;
 * the card shows it.
 */

/** Any value that JSON can hold. `undefined` is left out of objects. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** JSON Schema 2020-12, as an object. */
export type JsonSchema = { readonly [keyword: string]: unknown };

// ---------------------------------------------------------------------------------------------------------------------
// Actions and their results
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What an action gives back.
 *
 * An object counts as one only if it has no other keys than these three; any other value becomes `data` as a whole, and
 * a bare string becomes `summary`.
 */
export interface Result<Data = unknown> {
  /** For a screen, and for programs: anything that JSON can hold. */
  data?: Data;
  /** For a person or a model: a few lines of plain text. */
  summary?: string;
  /** Who draws `data`, such as `table`, `chart` or `markdown`. Without a renderer that fits, `summary` is shown. */
  renderer?: string;
}

/** What one step of a generator may give: text goes to the stream as text, anything else as data of topic `data`. */
export type Piece = string | Json;

/**
 * An action of a mini-app (`bot-logic.js`): an exported function with the name that `action-schema.json` gives it. The
 * payload fits the action's input schema; files that a person handed over are in it as handles.
 *
 * A generator streams each piece that it yields, and waits while its reader is behind; what it returns is the result.
 */
export type Action<Payload = any> = (
  payload: Payload,
  ctx: Context,
) => Result | string | Json | Promise<Result | string | Json | void> | AsyncGenerator<Piece, Result | string | Json | void> | void;

/**
 * The exports of a plugin (`src/index.js`, the form with `kimai.json`). A function that is exported under the name of an
 * action or tool is called for it; `invoke` is called for all others.
 */
export interface Plugin {
  /** Called once when the app is loaded: registers listeners and routes. Every effect fails here. */
  activate?(ctx: Context): void | Promise<void>;
  /** Called when the owner disables the app, before its listeners and routes go. */
  deactivate?: Hook;
  /** A tool that a model called, or an action that a person started. */
  invoke?(name: string, args: any, ctx: Context): ReturnType<Action>;
  /** Says at the end of an upgrade whether the app works: if it throws or gives `false`, the version before goes on. */
  health?(ctx: Context): boolean | void | Promise<boolean | void>;
}

/**
 * A function that the manifest names under `hooks`: called at a step of the app's life, as a run of its own.
 * `ctx.env.trigger` says which; of `preupgrade` and `postupgrade`, which use storage and nothing else, also from which
 * version to which.
 */
export type Hook = (ctx: Context) => void | Promise<void>;

// ---------------------------------------------------------------------------------------------------------------------
// Errors
// ---------------------------------------------------------------------------------------------------------------------

/** What the host rejects with. */
export interface OikosError extends Error {
  readonly name: "OikosError";
  /** The stable code. */
  readonly code: ErrorCode;
}

/** The codes that a call can reject with; `docs/reference/errors.md` has all codes and their meaning. */
export type ErrorCode =
  /** Not granted, blocked, or nobody answered. The message has the one command that would allow it. */
  | "permission_denied"
  /** This version of oikos does not have it; the message names it. */
  | "not_available"
  /** Called while the app was loaded. */
  | "not_in_activation"
  /** No such file, key, column or table. */
  | "not_found"
  /** An argument is not what the call needs. */
  | "invalid_input"
  /** A file or folder cannot be used: missing, not a regular file, or refused by the system. */
  | "file_unusable"
  /** More than 4 MiB in one call. */
  | "too_large"
  /** The app's storage is full. */
  | "quota_exceeded"
  /** Too many calls, timers, files or tables at once. */
  | "operation_limit"
  /** More events than an app may send. */
  | "event_limit"
  /** There is no room on the disk. */
  | "disk_full"
  /** Something changed in between. */
  | "conflict"
  /** The run has lost its right to go on. */
  | "lease_revoked"
  | (string & {});

// ---------------------------------------------------------------------------------------------------------------------
// ctx
// ---------------------------------------------------------------------------------------------------------------------

/** What an action gets beside its payload. Frozen; the same object for the whole run. */
export interface Context {
  /** Language models, with the owner's keys. **Not available yet**: every call rejects with `not_available`. */
  readonly ai: Ai;
  /** Everything outside the sandbox. */
  readonly tools: Tools;
  /** The app's own store. */
  readonly storage: Storage;
  /**
   * Puts data on the run's stream, for whoever watches. Resolves when it was taken; the run rests while the slowest
   * watcher is more than 1 MiB behind. 64 MiB in all per run, else `stream_limit` ends it.
   *
   * @param topic The author's word for it, such as `csv.chart`.
   * @param payload Anything that JSON can hold, at most 4 MiB.
   */
  push_stream(topic: string, payload: Json | object, options?: { renderer?: string }): Promise<void>;
  /**
   * Tells what happened, to the apps that listen. Resolves when it was taken; it is kept with the end of the run, or not
   * at all if the run fails. Each listener hears it in a run of its own, at least once; the host sets the sender.
   *
   * Topics are lower-case words joined by dots: `app.<own name>.…` is the app's own, `system.…`, `user.…` and other
   * apps' are not, any other is shared. Rejects with `permission_denied` where the card does not grant the topic, with
   * `event_limit` after 1,000 at once or 100 a second, with 1,000 that still wait to be heard, or where an event comes
   * from an event nine times over, and with `too_large` over 64 KiB.
   */
  emit(topic: string, payload?: Json): Promise<void>;
  /** The run's log. Shown to the owner, not to the caller. 1 MiB per run; lines past it are dropped and counted. */
  readonly console: Console;
  /**
   * Facts about this run: the app's name and version, oikos' version, and the names of the files and folders that the
   * person handed over, by input field (`env.files.data === "sales.csv"`). Where no person started the run, `trigger`
   * says what did. Frozen.
   */
  readonly env: Readonly<{
    app: string;
    version: string;
    oikos: string;
    files: Readonly<Record<string, string>>;
    /**
     * What the owner set, else the defaults of the manifest's `settings`; there only where the manifest has any. Of a secret
     * that is set, `{{secret:NAME}}`.
     */
    settings?: Readonly<Record<string, unknown>>;
    trigger?: EventTrigger | ScheduleTrigger | HookTrigger | RouteTrigger;
  }>;
  /** Aborts when the run is to end early. A stopped run ends at once, whether the app looks at it or not. */
  readonly signal: AbortSignal;
  /**
   * Hears events: in `activate` only, at most 64 listeners, and only topics that the manifest declares (`trigger.events`
   * or `event.listen`), else the app cannot be installed. `*` stands for one word after the first, and at the end for
   * one or more: `app.notes.*`.
   *
   * Higher priorities come first, from 100 to -100, without one 0; equal ones in the order in which apps were installed.
   * `user.message` and `user.image` can be answered: the first listener that returns something other than `null` or
   * `undefined` has, and the others do not hear of it. What is returned for any other topic is only kept with the run.
   */
  on<Payload = any>(
    topic: string,
    handler: (event: BusEvent<Payload>, ctx: Context) => ReturnType<Action>,
    options?: { priority?: number },
  ): void;
  /**
   * Answers HTTP requests, at an address that only this app has: in `activate` only, at most 32, and only those that the
   * manifest names under `routes`, else the app cannot be installed. `:name` stands for any one piece of a path; `HEAD` is
   * answered by `GET`. Each request is a run of its own. Eight are answered at once, more get `503`.
   *
   * `docs/guides/answering-requests.md` says who may ask, and what a page that is answered can do.
   */
  route(
    method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    handler: (request: RouteRequest, ctx: Context) => RouteAnswer | string | void | Promise<RouteAnswer | string | void>,
  ): void;
}

/** The tools, by what they touch. Each demands a grant of its own, but `csv.parse` and `csv.stringify`. */
export interface Tools {
  /** Files and folders that the owner granted or handed over. */
  readonly file: FileTool;
  /** Tables in CSV files, computed by the host. */
  readonly csv: CsvTool;
  /**
   * Requests to hosts that `network` was granted for. What is not granted fails with `permission_denied`, and the message
   * has the one command that would allow it; a host that cannot be reached, or answers nonsense, fails with
   * `network_failed`. Redirects are decided like requests of the app's own. A run that has read private data and a
   * stranger's words can send nothing more, and every answer is a stranger's words.
   */
  readonly http: { fetch(url: string, options?: HttpOptions): Promise<HttpResponse> };
  /**
   * Text of PDF files, page by page, read in a process that has nothing but the file. Demands reading the file, as `file.read`
   * does. A document that is damaged or locked fails with `document_unreadable`; more text than one answer carries (4 MiB) with
   * `too_large`, and the message says how many pages fit. What a document says counts as a stranger's words.
   *
   * @param pages The first and the last page wanted, both among them, counted from 1. Without them all pages.
   */
  readonly pdf: { text(path: string, pages?: { from?: number; to?: number }): Promise<PdfText> };
  /** The clipboard. **Not available yet.** */
  readonly clipboard: { read(): Promise<string>; write(text: string): Promise<void> };
  /**
   * Programs of this machine, as a list of arguments; there are no shell strings. Each runs in a box: no network, an empty home
   * of its own, of files only the folders that the app may use without a question, to read. What the card does not list fails
   * with `permission_denied`. A person is asked each time where the card names no commands, where the program runs whatever it
   * is told (`sh`, `python3`, …), with `write`, and once the run has read private data and a stranger's words. What a program
   * prints counts as both.
   */
  readonly shell: { run(command: readonly string[], options?: ShellOptions): Promise<ShellResult> };
  /** Tools of the owner's MCP servers. */
  readonly mcp: McpTools;
  /** Search over the owner's documents. **Not available yet.** */
  readonly knowledge: { add(items: readonly KnowledgeItem[]): Promise<void>; search(query: string, options?: { limit?: number }): Promise<KnowledgeHit[]> };
}

// ---- storage ----

/**
 * The app's own key-value store, one per owner. 10 MiB of keys and values together, or what `storage.quota` asks for
 * and the owner grants.
 *
 * All changes of a run are kept together when it ends well, and none if it fails. A run sees its own changes and the
 * store as other runs left it; of two runs that set one key, the one that ends later wins. So keys that only one run
 * writes are safer than one key that all change.
 */
export interface Storage {
  /** The value, or `undefined` if there is none (a stored `null` reads as `undefined` too). */
  get<Value = any>(key: string): Promise<Value | undefined>;
  /**
   * Stores a value as JSON. Rejects with `quota_exceeded` when the store is full, `too_large` over 4 MiB.
   *
   * @param key 1 to 512 bytes of UTF-8.
   */
  set(key: string, value: unknown): Promise<void>;
  /** Forgets a value; answers whether there was one. */
  delete(key: string): Promise<boolean>;
  /**
   * Keys in the order of their bytes.
   *
   * @param options A prefix; or `after`, the last key of the page before, and `limit`.
   */
  list(options?: string | { prefix?: string; after?: string; limit?: number }): Promise<string[]>;
}

// ---- files ----

/**
 * A path is one of three: the name of a granted folder and a place in it (`reports/2026/may.csv`), an absolute path
 * beneath a granted folder, or the handle of something that a person handed over (`picked:data`, and for a folder also
 * `picked:data/inside`). `..` is never one. Links are not followed, and only regular files are read or written.
 *
 * What is not granted rejects with `permission_denied`, whether or not it exists.
 */
export interface FileTool {
  /** Bytes of a file, at most 4 MiB at once. @param range Bytes `from` (included) to `to` (not included). */
  read(path: string, range?: { from?: number; to?: number }): Promise<Uint8Array>;
  /** A whole file as UTF-8 text, at most 4 MiB. */
  readText(path: string): Promise<string>;
  /**
   * Creates or replaces a file, at once or not at all; at most 4 MiB. The old file goes to the trash and
   * `oikos undo` brings it back. Names that other programs run or load (`.git/hooks`, `.bashrc` …) ask the owner each time.
   */
  write(path: string, content: string | Uint8Array | ArrayBuffer): Promise<unknown>;
  /** The entries of a folder in order of their names; at most 10,000, and `truncated` if there are more. */
  list(path: string): Promise<{ entries: FileEntry[]; truncated: boolean }>;
  /** Moves a file to the trash. */
  remove(path: string): Promise<unknown>;
  /**
   * Gives a file another name, in the same folder or another one that is granted for writing; nothing else of it changes.
   * Folders that are missing on the way are made. Rejects with `conflict` where something has the new name, and with
   * `file_unusable` where it lies on another disk. `oikos undo` moves it back.
   */
  move(path: string, to: string): Promise<unknown>;
  /**
   * Asks a person for a file or folder, and waits for the answer; the run's clocks stand still. Answers with a handle
   * that holds for this run, or rejects with `permission_denied`.
   *
   * @param options `purpose` is shown as the app's words, at most 200 characters.
   */
  pick(options?: { access?: "read" | "write"; folder?: boolean; purpose?: string }): Promise<string>;
}

/** An entry of a folder. */
export interface FileEntry {
  name: string;
  kind: "file" | "folder" | "link" | "other";
  /** Size in bytes; of files only, else 0. */
  bytes: number;
  /** When it was changed last, in milliseconds since 1970; 0 where that is not known. */
  modifiedMs: number;
  /** Its real name is no valid text, so no path leads to it. */
  unreachable?: boolean;
}

// ---- tables ----

/**
 * Tables in CSV files of any size. The host goes through the file and answers with what was asked, so a table never has
 * to fit into the run's memory. Opening needs the right to read the file; the calls on the table need it again.
 *
 * A line ends with LF, CRLF or CR; fields may be quoted and then hold anything. An empty line is a row of one empty field.
 * Rows that are too short have `null` where fields are missing, further fields of rows that are too long are dropped;
 * both are counted in {@link Ragged}. A byte order mark is left out. Bytes that are not UTF-8 show as U+FFFD. One record
 * has at most 16 MiB and 4,096 fields.
 */
export interface CsvTool {
  /** Opens a file as a table. */
  open(path: string, options?: CsvOptions): Promise<CsvTable>;
  /** The rows of a small text (at most 4 MiB). With a header, rows have its width; without, they are as they are. */
  parse(text: string, options?: CsvOptions): Promise<{ columns: string[] | null; rows: CsvRow[]; ragged: Ragged }>;
  /** Text that `parse` reads back. `null` becomes an empty field; lists and objects are refused. */
  stringify(rows: readonly (readonly (string | number | boolean | null)[])[], options?: CsvOptions): Promise<string>;
}

/** How a CSV text is written. */
export interface CsvOptions {
  /** One character. Without it: `,`, or for `open` the one of `,` `;` tab `|` that fits the file. */
  delimiter?: string;
  /** Whether the first row names the columns; without it, yes. Columns without names are called by their number. */
  header?: boolean;
}

/** Fields of a row, one for each column; `null` where a short row has none. */
export type CsvRow = (string | null)[];

/** Rows that do not have the header's width. */
export interface Ragged {
  /** Rows with fields missing; empty lines included. */
  short: number;
  /** Rows with fields too many. */
  long: number;
  /** Empty lines. */
  blank: number;
}

/** An open table. It counts as one of the run's 64 open files until it is closed or the run ends. */
export interface CsvTable {
  /** The path it was opened by. */
  readonly path: string;
  /** The columns' names, each its own: doubles are numbered (`price`, `price_2`). */
  readonly columns: readonly string[];
  /** The delimiter that was given or found. */
  readonly delimiter: string;
  /**
   * Rows in batches. All readers of one table share a place in it: a new one goes on where the last one stopped.
   *
   * @param options `batch` is how many rows one step gives at most; it gives fewer where they would be too many bytes.
   */
  rows(options?: { batch?: number }): AsyncIterableIterator<CsvRow[]>;
  /** Statistics of all columns or of some, in two passes over the file. */
  statistics(columns?: readonly string[]): Promise<CsvStatistics>;
  /** Groups and measures, in one pass over the file. */
  aggregate(request?: CsvAggregate): Promise<CsvGroups>;
  /** Lets go of the file. */
  close(): Promise<unknown>;
}

/**
 * `empty`: no field has anything in it · `integer`, `float`: all filled fields are numbers · `boolean`: `true`, `false`, `yes`, `no` ·
 * `date`: `2026-01-31` or `2026/01/31`, with or without a time of day · `text`: anything else.
 */
export type CsvType = "empty" | "integer" | "float" | "boolean" | "date" | "text";

/** What is known of a table. */
export interface CsvStatistics {
  /** Rows without the header. */
  rows: number;
  ragged: Ragged;
  /** Fields that were not UTF-8. */
  invalidUtf8: number;
  columns: CsvColumn[];
}

/**
 * What is known of a column. A number is a field that `sqlite3` would take for one: digits with sign, point, exponent.
 * `min`, `max` and `sum` are the nearest doubles; their `Text` is exact (whole numbers of up to 38 digits).
 */
export interface CsvColumn {
  name: string;
  /** Place in the row, from 0. */
  index: number;
  type: CsvType;
  /** Fields that are there, empty ones included. */
  count: number;
  /** Rows that are too short to have this field. */
  missing: number;
  empty: number;
  /** Distinct fields, exactly; an empty field is one. In a column of numbers `1.5` and `1.50` are the same. */
  distinct: number;
  /** Distinct fields as written. */
  distinctText: number;
  /** Distinct fields, numbers that are equal being the same. */
  distinctValues: number;
  /** Fields that are numbers. */
  numeric: number;
  /** Fields that are whole numbers. */
  integers: number;
  /** Fields that are neither empty nor numbers. */
  nonNumeric: number;
  sum: number | null;
  sumText: string | null;
  min: number | null;
  max: number | null;
  /** In a column of numbers the smallest, exactly; else the first filled field in the order of bytes, shortened. */
  minText: string | null;
  maxText: string | null;
  mean: number | null;
  /** Standard deviation, as of a sample. */
  stdev: number | null;
  /** Quartiles of the numbers; `approximate` over 10,000 numbers, from a sample. */
  quantiles: { p25: number | null; p50: number | null; p75: number | null; approximate: boolean } | null;
  /** Numbers in bars of the same width. */
  histogram: { from: number; to: number; counts: number[] } | null;
  /** Numbers below `low` or above `high`, with the farthest ones. Rows count from 1 without the header. */
  outliers: {
    /** `iqr`: beyond 1.5 times the width of the middle half · `deviation`: beyond three standard deviations. */
    method: "iqr" | "deviation";
    low: number;
    high: number;
    count: number;
    examples: { row: number; value: string }[];
  } | null;
  /** The most frequent fields; `null` where there are more than 10,000 different ones. */
  top: { value: string; count: number }[] | null;
  longestBytes: number;
  invalidUtf8: number;
}

/** A group-by. */
export interface CsvAggregate {
  /** Columns whose fields make the groups; none means one group. */
  groupBy?: readonly string[];
  /** What to compute for each group; none means how many rows. */
  measures?: readonly CsvMeasure[];
  /** At most this many groups in the answer, largest first by the first measure; without it 1,000. */
  limit?: number;
}

/** One measure. `count` without a column counts rows, with one the fields that are there; the others take its numbers. */
export type CsvMeasure = { measure: "count"; column?: string } | { measure: "sum" | "min" | "max" | "mean"; column: string };

/** Groups, largest first by the first measure. */
export interface CsvGroups {
  /** How many there are in all. */
  groups: number;
  /** Whether some are not in `result`. */
  truncated: boolean;
  /** Rows of the table. */
  rows: number;
  ragged: Ragged;
  /** Fields of measured columns that are neither empty nor numbers; no measure has them. */
  nonNumeric: number;
  result: {
    /** One field for each column of `groupBy`; `null` where the rows are too short. */
    key: (string | null)[];
    /** One number for each measure; `null` where the group has no numbers. */
    values: (number | null)[];
    /** The same, exactly. */
    texts: (string | null)[];
  }[];
}

// ---- events ----

/** Something that happened. */
export interface BusEvent<Payload = Json> {
  /** Its id: the same if it is told again, which happens after oikos ended while it was heard. */
  id: string;
  topic: string;
  /** Who told it: `system`, `owner` or `app.<name>`; set by the host. */
  sender: string;
  /** When, in milliseconds since 1970. */
  at: number;
  payload: Payload;
}

/** An event started this run. */
export interface EventTrigger {
  kind: "event";
  topic: string;
  sender: string;
}

/** A step of the app's life started this run, by `hooks` of the manifest. */
export interface HookTrigger {
  kind: "hook";
  hook: "postinstall" | "preupgrade" | "postupgrade" | "health" | "deactivate" | "preuninstall";
  /** The version that goes; at an upgrade only. */
  from?: string;
  /** The version that comes; at an upgrade only. */
  to?: string;
}

/** A request started this run, which answers it. */
export interface RouteTrigger {
  kind: "route";
  /** As the manifest names it, such as `GET /notes/:id`. */
  route: string;
}

/** The clock started this run, by `trigger.schedule` of the manifest. */
export interface ScheduleTrigger {
  kind: "schedule";
  /** The time it was meant for, in milliseconds since 1970. No time starts two runs. */
  scheduledAt: number;
  /** Whether times before it were missed: this run stands for all of them. */
  late: boolean;
}

// ---- parts that come later: they reject with `not_available` ----

/** A message of a conversation with a model. */
export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** Options of a call to a model. */
export interface AiOptions {
  /** One of the models that the card grants; without one, the owner's default. */
  model?: string;
  temperature?: number;
  /** Most tokens of the answer. */
  maxTokens?: number;
  signal?: AbortSignal;
}

/** Language models. **Not available yet.** */
export interface Ai {
  /** Text in pieces. Returned from an action before its first step, the whole stream goes to the reader as it is. */
  generateText(prompt: string | readonly Message[], options?: AiOptions): AsyncGenerator<string>;
  /** A value that fits a JSON Schema. */
  generateObject<Value = unknown>(prompt: string | readonly Message[], schema: JsonSchema, options?: AiOptions): Promise<Value>;
  /** One vector for each text. */
  embed(texts: readonly string[], options?: { model?: string }): Promise<number[][]>;
}

/** Options of a request. */
export interface HttpOptions {
  /** `GET` without it. `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` and `OPTIONS` are the others. */
  method?: string;
  /**
   * At most 64. `Host`, `Cookie`, `Content-Length`, `Accept-Encoding` and what belongs to the connection are refused.
   * Credentials of your own go to their origin and to none that it redirects to. A value may end in `{{secret:NAME}}`: the
   * owner's secret of this name, where the permissions ask for it, is put in for its host, and the app never sees it.
   */
  headers?: Readonly<Record<string, string>>;
  /** At most 4 MiB. */
  body?: string | Uint8Array | ArrayBuffer;
  /** What to do with a redirect: `follow` it (at most 10), take it as the answer (`manual`), or fail (`error`). */
  redirect?: "follow" | "manual" | "error";
}

/** The answer to a request, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  /** Names in lower case; several of one name with `, ` between them. `Set-Cookie` is left out. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most 3.75 MiB; more fails with `too_large`. */
  readonly body: Uint8Array;
  /** The body as UTF-8; what is none becomes U+FFFD. */
  text(): string;
  /** The body as JSON. */
  json(): any;
}

/** Pages of a PDF file. */
export interface PdfText {
  /** Those that were wanted and are there, in order. */
  pages: { page: number; text: string }[];
  /** How many pages the document has. */
  pageCount: number;
  /** What it says of itself; what it does not say is not there. Times are `2026-05-01T12:00:00+02:00`. */
  metadata: {
    title?: string;
    author?: string;
    subject?: string;
    keywords?: string;
    creator?: string;
    producer?: string;
    created?: string;
    modified?: string;
  };
}

/** With what a program runs. */
export interface ShellOptions {
  /** What it reads from its standard input. */
  input?: string | Uint8Array | ArrayBuffer;
  /** A granted folder, or a place in one, in which it starts. Without it, an empty folder of its own. */
  folder?: string;
  /** Whether it may change what is in the folders that the app may write to. Nothing of that can be undone. */
  write?: boolean;
  /** Milliseconds after which it is ended, with `host_limit`: 60,000 unless said, at most 600,000. */
  timeoutMs?: number;
}

/** How a program ended. */
export interface ShellResult {
  /** Its code; 128 and the number of the signal where one ended it. */
  exitCode: number;
  /** At most 512 KiB; what is no UTF-8 becomes U+FFFD. */
  stdout: string;
  /** The same. */
  stderr: string;
  /** Whether it wrote more than that. */
  truncated: boolean;
}

/**
 * Tools of the owner's MCP servers, as the card names them (`"mcp": { "server": "github", "tools": ["search_code"] }`). A call
 * is a run of the server's own app: with its rights, in its log, and no longer than this run may take.
 */
export interface McpTools {
  /**
   * Calls a tool, and waits for its answer. What a server says counts as a stranger's words; once the run has read private data
   * as well, a person is shown what the next call sends.
   *
   * Rejects with `permission_denied` for what is not granted or is blocked, `tool_not_accepted` where the server changed its
   * tool and the owner has not looked at it, `tool_failed` with the tool's own words where it says that it failed, and
   * `too_large` over 4 MiB.
   *
   * @param server The server's app.
   * @param tool The tool, by its own name or by the one that `list` gives.
   * @param args At most 1 MiB as JSON.
   */
  call(server: string, tool: string, args?: object): Promise<McpAnswer>;
  /** What this app may call now, asking first or not. */
  list(): Promise<McpTool[]>;
}

/** What a tool answered. */
export interface McpAnswer {
  /** The result, as the server said it: `content`, and `structuredContent` where it has some. */
  data: any;
  /** The texts of `content`, one after the other. */
  summary?: string;
}

/** A tool that an app may call. */
export interface McpTool {
  /** What to call the server by. */
  server: string;
  /** What to call the tool by. */
  name: string;
  /** In the words of the server. */
  description?: string;
  inputSchema: JsonSchema;
}

/** Something to find again. **Not available yet.** */
export interface KnowledgeItem {
  text: string;
  source?: string;
}

/** Something found. **Not available yet.** */
export interface KnowledgeHit extends KnowledgeItem {
  score: number;
}

/** A request that a route answers. Nothing in it says who asks: whoever does was let in by the owner. */
export interface RouteRequest {
  readonly method: string;
  /** As it stood in the address. */
  readonly path: string;
  /** What the names in the route's path stand for. */
  readonly params: Readonly<Record<string, string>>;
  /** What stood behind the question mark. Of several by one name the first counts. */
  readonly query: Readonly<Record<string, string>>;
  /** `accept`, `accept-language`, `content-type`, and at most 16 in all with those that begin with `x-`; small names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fields of an HTML form, where one was sent (`application/x-www-form-urlencoded`); else `null`. */
  readonly form: Readonly<Record<string, string>> | null;
  /** What was sent along, at most 1 MiB. */
  readonly body: Uint8Array;
  /** The body as UTF-8 text. */
  text(): string;
  /** The body as JSON. */
  json(): any;
}

/** What a route answers; a bare string is a body of plain text, nothing is `204`. */
export interface RouteAnswer {
  /** From 200 to 599; 200 unless said. */
  status?: number;
  /**
   * Only `content-type`, `cache-control`, `content-disposition`, `etag`, `last-modified`, and `location` with a path of the
   * app's own. All others are said by oikos, or by nobody.
   */
  headers?: {
    "content-type"?: string;
    "cache-control"?: string;
    "content-disposition"?: string;
    etag?: string;
    "last-modified"?: string;
    location?: string;
  };
  /** At most 4 MiB. Without a `content-type` a string is `text/plain`, bytes are a file, all else is sent as JSON. */
  body?: string | Uint8Array | ArrayBuffer | Json | object;
}

// ---------------------------------------------------------------------------------------------------------------------
// Globals beside the language
// ---------------------------------------------------------------------------------------------------------------------

/** The run's log, by level. Values are shown, not formatted; a line has at most 8,192 characters. */
export interface Console {
  debug(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

export interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  onabort: ((event: { type: "abort"; target: AbortSignal }) => void) | null;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: (event: { type: "abort"; target: AbortSignal }) => void): void;
  removeEventListener(type: "abort", listener: (event: { type: "abort"; target: AbortSignal }) => void): void;
}

type OikosAbortSignal = AbortSignal;
type OikosConsole = Console;

/**
 * There is no `require`, `process`, `fetch`, `Worker`, `WebAssembly`, `SharedArrayBuffer`, `performance` or dynamic
 * `import()`. Modules of the package are imported at the top, by their relative path.
 */
declare global {
  type AbortSignal = OikosAbortSignal;
  const console: OikosConsole;
  /** A timer counts as one of the run's 256 calls under way. */
  function setTimeout(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
  function clearTimeout(id: number | undefined): void;
  function setInterval(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
  function clearInterval(id: number | undefined): void;
  function structuredClone<Value>(value: Value): Value;
  const crypto: {
    /** Fills at most 65,536 bytes. */
    getRandomValues<T extends ArrayBufferView>(array: T): T;
    randomUUID(): string;
  };
  class TextEncoder {
    readonly encoding: "utf-8";
    encode(text?: string): Uint8Array;
  }
  /** UTF-8 only, and whole texts only. */
  class TextDecoder {
    constructor(label?: "utf-8" | "utf8", options?: { fatal?: boolean; ignoreBOM?: boolean });
    readonly encoding: "utf-8";
    decode(bytes?: ArrayBufferView | ArrayBuffer): string;
  }
  class AbortController {
    readonly signal: OikosAbortSignal;
    abort(reason?: unknown): void;
  }
  const AbortSignal: {
    abort(reason?: unknown): OikosAbortSignal;
    timeout(ms: number): OikosAbortSignal;
    any(signals: Iterable<OikosAbortSignal>): OikosAbortSignal;
  };
}
