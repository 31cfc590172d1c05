// The world an app's modules find: console, timers, text, crypto, AbortController, and `ctx`.
//
// Runs once, when the base image is made. What it needs later it keeps in constants, because afterwards an app may
// change every prototype; nothing here calls a method through one (nor uses a template, which QuickJS makes with
// String.prototype.concat), and what the host reads has no prototype. `native` is the guest's side of the host's imports
// and never leaves this function. The host checks all that arrives: this file is comfort, not the border.
(native) => {
  "use strict";
  const { apply, construct, defineProperty, ownKeys } = Reflect;
  const { freeze } = Object;
  const { parse: jsonParse, stringify: jsonStringify } = JSON;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { min, max, trunc } = Math;
  const { Error, TypeError, RangeError, Promise, Map, WeakMap, Set, Symbol, String, Uint8Array, Number } = globalThis;
  const asyncIterator = Symbol.asyncIterator;
  const syncIterator = Symbol.iterator;
  // A method as a function that takes its `this` first.
  const uncurry = (method) => (self, ...rest) => apply(method, self, rest);
  const mapGet = uncurry(Map.prototype.get);
  const mapSet = uncurry(Map.prototype.set);
  const mapHas = uncurry(Map.prototype.has);
  const mapDelete = uncurry(Map.prototype.delete);
  const weakGet = uncurry(WeakMap.prototype.get);
  const weakSet = uncurry(WeakMap.prototype.set);
  const setAdd = uncurry(Set.prototype.add);
  const setHas = uncurry(Set.prototype.has);
  const setDelete = uncurry(Set.prototype.delete);
  const setForEach = uncurry(Set.prototype.forEach);
  const bytesPart = uncurry(Uint8Array.prototype.slice);
  const textSlice = uncurry(String.prototype.slice);
  const textReplaceAll = uncurry(String.prototype.replaceAll);
  const toWellFormed = uncurry(String.prototype.toWellFormed);
  const numberToText = uncurry(Number.prototype.toString);
  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  // Longest console line; longer ones are cut, so that one line cannot use up what a run may log.
  const LOG_LINE_CHARACTERS_MAX = 8192;
  // What a person sees of an error.
  const MESSAGE_CHARACTERS_MAX = 2048;
  const STACK_CHARACTERS_MAX = 4096;
  // How deep and how much of a value console shows.
  const FORMAT_DEPTH_MAX = 4;
  const FORMAT_ENTRIES_MAX = 100;
  // As browsers have it.
  const RANDOM_BYTES_MAX = 65536;
  const TIMER_MS_MAX = 2147483647;

  // How the host knows a listener, and what answers a request, among what an app exports.
  const HANDLER_PREFIX = "on:";
  const ROUTE_PREFIX = "route:";

  // 0 while this world is made, 1 while an app is activated, 2 while it runs.
  let phase = 0;
  const RUNNING = 2;

  // ---- errors ----

  // The code of each error that came from the host: an app cannot forge one, only its text.
  const hostCodes = new WeakMap();
  const hidden = (object, key, value) =>
    defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
  const hostError = (code, message) => {
    const error = new Error(message);
    hidden(error, "name", "OikosError");
    hidden(error, "code", code);
    weakSet(hostCodes, error, code);
    return error;
  };
  const notInActivation = (what) =>
    hostError("not_in_activation", what + " does not exist while an app is being activated");
  const invalidInput = (message) => hostError("invalid_input", message);
  // Natives answer with undefined, or with the JSON of an error.
  const checked = (answer) => {
    if (answer === undefined) return;
    const { code, message } = jsonParse(answer);
    throw hostError(code, message);
  };
  const rejected = (error) => new Promise((_, reject) => reject(error));
  const resolved = (value) => new Promise((resolve) => resolve(value));

  // Text of any value, whatever it does.
  const plainText = (value) => {
    try {
      return String(value);
    } catch {
      return "a value that cannot be shown";
    }
  };
  const propertyText = (value, key) => {
    try {
      const text = value[key];
      return typeof text === "string" ? text : "";
    } catch {
      return "";
    }
  };
  const errorTitle = (error) => {
    if (!isObject(error)) return plainText(error);
    const name = propertyText(error, "name");
    const message = propertyText(error, "message");
    if (name && message) return name + ": " + message;
    return name || message || plainText(error);
  };
  const fail = (error) => {
    let code;
    let stack;
    if (isObject(error)) {
      code = weakGet(hostCodes, error);
      stack = propertyText(error, "stack") || undefined;
    }
    const title = errorTitle(error);
    if (code === undefined && title === "InternalError: out of memory") code = "memory_limit";
    native.fail(code, textSlice(title, 0, MESSAGE_CHARACTERS_MAX), stack && textSlice(stack, 0, STACK_CHARACTERS_MAX));
  };

  // ---- host calls ----

  // What waits for each operation: a function of (how, value).
  const waiting = new Map();
  const begin = (name, text, body) => {
    const started = native.start(name, text, body);
    if (typeof started === "number") return started;
    const { code, message } = jsonParse(started);
    throw hostError(code, message);
  };
  // A promise of the host's answer; `shape` makes of it what the app gets.
  const hostCall = (name, args, body, shape) =>
    new Promise((resolve, reject) => {
      if (phase !== RUNNING) throw notInActivation(name);
      const operation = begin(name, jsonStringify(args), body);
      mapSet(waiting, operation, (how, value) => {
        if (how === 0) return reject(hostError(value.code, value.message));
        if (how === 2) return reject(value);
        if (shape === undefined) return resolve(value);
        try {
          resolve(shape(value));
        } catch (error) {
          reject(error);
        }
      });
    });
  const settle = (operation, how, value) => {
    const then = mapGet(waiting, operation);
    if (then === undefined) return;
    mapDelete(waiting, operation);
    then(how, value);
  };

  // ---- timers: each is one operation of the host ----

  const timers = new Map();
  let lastTimer = 0;
  const timerStart = (id, timer) => {
    timer.operation = begin("timer", '{"ms":' + timer.ms + "}");
    mapSet(waiting, timer.operation, (how, value) => {
      if (!mapHas(timers, id)) return;
      if (how !== 1) {
        mapDelete(timers, id);
        throw how === 0 ? hostError(value.code, value.message) : value;
      }
      if (timer.repeats) timerStart(id, timer);
      else mapDelete(timers, id);
      apply(timer.callback, undefined, timer.args);
    });
  };
  const timerSet = (name, repeats) => (callback, ms, ...args) => {
    if (phase !== RUNNING) throw notInActivation(name);
    if (typeof callback !== "function") throw new TypeError(name + ": the callback is not a function");
    let wait = trunc(Number(ms));
    // Not a number, or below what a clock can do.
    if (!(wait > 0)) wait = repeats ? 1 : 0;
    const id = ++lastTimer;
    const timer = { __proto__: null, callback, args, repeats, ms: min(wait, TIMER_MS_MAX), operation: 0 };
    timerStart(id, timer);
    mapSet(timers, id, timer);
    return id;
  };
  const timerClear = (id) => {
    const timer = mapGet(timers, id);
    if (timer === undefined) return;
    mapDelete(timers, id);
    mapDelete(waiting, timer.operation);
    native.cancel(timer.operation);
  };
  const setTimeout = timerSet("setTimeout", false);

  // ---- console ----

  const format = (value, depth, seen) => {
    switch (typeof value) {
      case "string":
        return depth === 0 ? value : jsonStringify(value);
      case "bigint":
        return String(value) + "n";
      case "function":
        return "[function " + (propertyText(value, "name") || "anonymous") + "]";
      case "object":
        break;
      default:
        return plainText(value);
    }
    if (value === null) return "null";
    const stack = value instanceof Error ? propertyText(value, "stack") : "";
    if (value instanceof Error) return errorTitle(value) + (stack && "\n" + stack);
    if (depth >= FORMAT_DEPTH_MAX || setHas(seen, value)) return isArray(value) ? "[…]" : "{…}";
    setAdd(seen, value);
    let text = "";
    if (isArray(value) || isView(value)) {
      const length = value.length ?? value.byteLength;
      for (let i = 0; i < min(length, FORMAT_ENTRIES_MAX); i++)
        text += (i ? ", " : "") + format(value[i], depth + 1, seen);
      text = "[" + text + (length > FORMAT_ENTRIES_MAX ? ", …]" : "]");
    } else if (value instanceof Date || value instanceof RegExp) {
      text = plainText(value);
    } else {
      const keys = ownKeys(value);
      for (let i = 0; i < min(keys.length, FORMAT_ENTRIES_MAX); i++)
        text += (i ? ", " : "") + plainText(keys[i]) + ": " + format(value[keys[i]], depth + 1, seen);
      text = "{" + text + (keys.length > FORMAT_ENTRIES_MAX ? ", …}" : "}");
    }
    setDelete(seen, value);
    return text;
  };
  const { Date, RegExp } = globalThis;
  const logger = (level) => (...values) => {
    let line = "";
    for (let i = 0; i < values.length && line.length < LOG_LINE_CHARACTERS_MAX; i++) {
      let text;
      try {
        text = format(values[i], 0, new Set());
      } catch {
        text = "a value that cannot be shown";
      }
      line += i ? " " + text : text;
    }
    // One more than fits, so that the host sees that something was cut.
    native.log(level, textSlice(line, 0, LOG_LINE_CHARACTERS_MAX + 1));
  };
  const console = freeze({
    debug: logger(0),
    log: logger(1),
    info: logger(1),
    warn: logger(2),
    error: logger(3),
  });

  // ---- text, bytes, randomness ----

  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return native.utf8Encode(toWellFormed(String(text)));
    }
  }
  const UTF8_LABELS = new Set();
  setAdd(UTF8_LABELS, "utf-8");
  setAdd(UTF8_LABELS, "utf8");
  const toLowerCase = uncurry(String.prototype.toLowerCase);
  class TextDecoder {
    #fatal;
    #keepsMark;
    constructor(label = "utf-8", options = undefined) {
      if (!setHas(UTF8_LABELS, toLowerCase(String(label)))) throw new RangeError("TextDecoder knows utf-8, not '" + label + "'");
      this.#fatal = !!options?.fatal;
      this.#keepsMark = !!options?.ignoreBOM;
    }
    get encoding() {
      return "utf-8";
    }
    get fatal() {
      return this.#fatal;
    }
    get ignoreBOM() {
      return this.#keepsMark;
    }
    decode(bytes = undefined, options = undefined) {
      if (options?.stream) throw new TypeError("TextDecoder decodes whole texts: hand it all bytes at once");
      if (bytes === undefined) return "";
      const text = native.utf8Decode(bytes, this.#fatal);
      if (text === undefined) throw new TypeError("the bytes are not valid UTF-8");
      return !this.#keepsMark && text[0] === "\ufeff" ? textSlice(text, 1) : text;
    }
  }

  const byteLengthOf = uncurry(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "byteLength").get);
  const hexPairs = [];
  for (let i = 0; i < 256; i++) hexPairs[i] = (i < 16 ? "0" : "") + numberToText(i, 16);
  const crypto = freeze({
    getRandomValues(array) {
      if (phase !== RUNNING) throw notInActivation("crypto.getRandomValues");
      if (byteLengthOf(array) > RANDOM_BYTES_MAX)
        throw new RangeError("crypto.getRandomValues fills at most " + RANDOM_BYTES_MAX + " bytes at once");
      native.random(array);
      return array;
    },
    randomUUID() {
      if (phase !== RUNNING) throw notInActivation("crypto.randomUUID");
      const bytes = new Uint8Array(16);
      native.random(bytes);
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      let text = "";
      for (let i = 0; i < 16; i++) text += (i === 4 || i === 6 || i === 8 || i === 10 ? "-" : "") + hexPairs[bytes[i]];
      return text;
    },
  });

  // ---- AbortController ----

  const abortError = (name, message) => {
    const error = new Error(message);
    hidden(error, "name", name);
    return error;
  };
  let abort;
  class AbortSignal {
    #aborted = false;
    #reason;
    #listeners = new Set();
    onabort = null;
    static {
      abort = (signal, reason) => {
        if (signal.#aborted) return;
        signal.#aborted = true;
        signal.#reason = reason === undefined ? abortError("AbortError", "this was aborted") : reason;
        const event = freeze({ type: "abort", target: signal });
        if (typeof signal.onabort === "function") apply(signal.onabort, signal, [event]);
        setForEach(signal.#listeners, (listener) => {
          if (typeof listener === "function") apply(listener, signal, [event]);
          else listener.handleEvent(event);
        });
        signal.#listeners = new Set();
      };
    }
    get aborted() {
      return this.#aborted;
    }
    get reason() {
      return this.#reason;
    }
    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }
    addEventListener(type, listener) {
      if (type === "abort" && isObject(listener)) setAdd(this.#listeners, listener);
    }
    removeEventListener(type, listener) {
      if (type === "abort") setDelete(this.#listeners, listener);
    }
    static abort(reason) {
      const signal = new AbortSignal();
      abort(signal, reason);
      return signal;
    }
    static timeout(ms) {
      const signal = new AbortSignal();
      setTimeout(() => abort(signal, abortError("TimeoutError", ms + " ms are over")), ms);
      return signal;
    }
    static any(signals) {
      const signal = new AbortSignal();
      for (const other of signals) {
        if (other.aborted) abort(signal, other.reason);
        else other.addEventListener("abort", () => abort(signal, other.reason));
      }
      return signal;
    }
  }
  class AbortController {
    #signal = new AbortSignal();
    get signal() {
      return this.#signal;
    }
    abort(reason) {
      abort(this.#signal, reason);
    }
  }

  // ---- ctx ----

  const optional = (value) => (value === undefined || value === null ? undefined : value);
  const jsonText = (value, what) => {
    const text = jsonStringify(value);
    if (text === undefined) throw invalidInput(what + " cannot be written as JSON");
    return text;
  };
  // An async function's manners for functions that may throw at once.
  const promising = (body) => (...args) => {
    try {
      return apply(body, undefined, args);
    } catch (error) {
      return rejected(error);
    }
  };

  const file = freeze({
    read: promising((path, range) => hostCall("file.read", { __proto__: null, path, from: range?.from, to: range?.to })),
    readText: promising((path) => hostCall("file.readText", { __proto__: null, path })),
    write: promising((path, body) => {
      if (typeof body !== "string" && !isView(body) && !(body instanceof ArrayBuffer))
        throw invalidInput("file.write: the content is a string, a Uint8Array or an ArrayBuffer");
      return hostCall("file.write", { __proto__: null, path }, typeof body === "string" ? toWellFormed(body) : body);
    }),
    list: promising((path) => hostCall("file.list", { __proto__: null, path })),
    remove: promising((path) => hostCall("file.remove", { __proto__: null, path })),
    move: promising((path, to) => hostCall("file.move", { __proto__: null, path, to })),
    pick: promising((options) =>
      hostCall("file.pick", { __proto__: null, access: options?.access, folder: options?.folder, purpose: options?.purpose }),
    ),
  });

  const tableMake = (path) => (answer) => {
    const handle = answer.table;
    const rowsNext = (state) => {
      if (state.done) return resolved({ value: undefined, done: true });
      return hostCall("csv.rows", { __proto__: null, table: handle, limit: state.batch }, undefined, (part) => {
        state.done = part.done;
        if (part.rows.length === 0 && part.done) return { value: undefined, done: true };
        return { value: part.rows, done: false };
      });
    };
    const table = { __proto__: null, path };
    const keys = ownKeys(answer);
    for (let i = 0; i < keys.length; i++) if (keys[i] !== "table") table[keys[i]] = answer[keys[i]];
    // Batches of rows, read on from where the last reader of this table stopped.
    table.rows = (options) => {
      const state = { __proto__: null, batch: optional(options?.batch), done: false };
      const rows = {
        __proto__: null,
        next: promising(() => rowsNext(state)),
        return: (value) => {
          state.done = true;
          return resolved({ value, done: true });
        },
      };
      rows[asyncIterator] = () => rows;
      return freeze(rows);
    };
    table.statistics = promising((columns) => hostCall("csv.statistics", { __proto__: null, table: handle, columns: optional(columns) }));
    table.aggregate = promising((request) => hostCall("csv.aggregate", { __proto__: null, table: handle, request: optional(request) }));
    table.close = promising(() => hostCall("csv.close", { __proto__: null, table: handle }));
    return freeze(table);
  };
  const csv = freeze({
    open: promising((path, options) => hostCall("csv.open", { __proto__: null, path, options: optional(options) }, undefined, tableMake(path))),
    parse: promising((text, options) => hostCall("csv.parse", { __proto__: null, text, options: optional(options) })),
    stringify: promising((rows, options) => hostCall("csv.stringify", { __proto__: null, rows, options: optional(options) })),
  });

  // An answer comes as one piece: the length of its head in four bytes, the head as JSON, the body.
  const responseMake = (bytes) => {
    const start = 4 + bytes[0] + bytes[1] * 256 + bytes[2] * 65536;
    const head = jsonParse(native.utf8Decode(bytesPart(bytes, 4, start), false));
    const body = bytesPart(bytes, start);
    const text = () => native.utf8Decode(body, false);
    const headers = { __proto__: null };
    const names = ownKeys(head.headers);
    for (let i = 0; i < names.length; i++) headers[names[i]] = head.headers[names[i]];
    return freeze({
      __proto__: null,
      status: head.status,
      ok: head.status >= 200 && head.status < 300,
      url: head.url,
      headers: freeze(headers),
      body,
      text,
      json: () => jsonParse(text()),
    });
  };
  const http = freeze({
    fetch: promising((url, options) => {
      const body = optional(options?.body);
      if (body !== undefined && typeof body !== "string" && !isView(body) && !(body instanceof ArrayBuffer))
        throw invalidInput("http.fetch: the body is a string, a Uint8Array or an ArrayBuffer");
      const args = {
        __proto__: null,
        url: String(url),
        method: optional(options?.method),
        headers: optional(options?.headers),
        redirect: optional(options?.redirect),
      };
      return hostCall("http.fetch", args, typeof body === "string" ? toWellFormed(body) : body, responseMake);
    }),
  });

  const pdf = freeze({
    text: promising((path, options) =>
      hostCall("pdf.text", { __proto__: null, path, from: optional(options?.from), to: optional(options?.to) }),
    ),
  });

  const shell = freeze({
    run: promising((command, options) => {
      const input = optional(options?.input);
      if (input !== undefined && typeof input !== "string" && !isView(input) && !(input instanceof ArrayBuffer))
        throw invalidInput("shell.run: the input is a string, a Uint8Array or an ArrayBuffer");
      const args = {
        __proto__: null,
        command,
        folder: optional(options?.folder),
        write: optional(options?.write),
        timeoutMs: optional(options?.timeoutMs),
      };
      return hostCall("shell.run", args, typeof input === "string" ? toWellFormed(input) : input);
    }),
  });

  const mcp = freeze({
    call: promising((server, tool, args) =>
      hostCall("mcp.call", { __proto__: null, server: String(server), tool: String(tool), arguments: optional(args) }),
    ),
    list: promising(() => hostCall("mcp.list", { __proto__: null })),
  });

  const storage = freeze({
    get: promising((key) => hostCall("storage.get", { __proto__: null, key }, undefined, (value) => (value === null ? undefined : value))),
    set: promising((key, value) => hostCall("storage.set", { __proto__: null, key }, jsonText(value, "storage.set: the value"))),
    delete: promising((key) => hostCall("storage.delete", { __proto__: null, key })),
    list: promising((options) =>
      hostCall(
        "storage.list",
        typeof options === "string"
          ? { __proto__: null, prefix: options }
          : { __proto__: null, prefix: options?.prefix, after: options?.after, limit: options?.limit },
      ),
    ),
  });

  const pushStream = promising((topic, payload, options) => {
    if (phase !== RUNNING) throw notInActivation("push_stream");
    checked(native.data(String(topic), jsonText(payload, "push_stream: the payload"), optional(options?.renderer)));
    return resolved();
  });

  // Parts that a later version has: they exist, and say so. The host answers, so that the answer is the host's.
  const later = (name) => promising(() => hostCall(name, { __proto__: null }));
  const laterStream = (name) => () => {
    const ended = () => resolved({ value: undefined, done: true });
    const stream = { __proto__: null, next: later(name), return: ended };
    stream[asyncIterator] = () => stream;
    return stream;
  };

  // ---- events ----

  // As the host reads them back from the names below.
  const HANDLERS_MAX = 64;
  const PRIORITY_MAX = 100;
  const TOPIC_CHARACTERS_MAX = 128;
  const handlers = [];
  const listen = (topic, handler, options) => {
    if (phase === RUNNING) throw invalidInput("ctx.on: listeners are registered in activate, not in a run");
    if (typeof topic !== "string" || topic.length > TOPIC_CHARACTERS_MAX)
      throw invalidInput("ctx.on: the topic is a text of at most " + TOPIC_CHARACTERS_MAX + " characters");
    if (typeof handler !== "function") throw invalidInput("ctx.on('" + topic + "'): the handler is not a function");
    const priority = optional(options?.priority) ?? 0;
    if (typeof priority !== "number" || trunc(priority) !== priority || !(priority >= -PRIORITY_MAX && priority <= PRIORITY_MAX))
      throw invalidInput("ctx.on('" + topic + "'): the priority is a whole number from -100 to 100");
    if (handlers.length >= HANDLERS_MAX) throw invalidInput("ctx.on: an app registers at most " + HANDLERS_MAX + " listeners");
    const name = HANDLER_PREFIX + handlers.length + ":" + (priority + 0) + ":" + topic;
    hidden(handlers, handlers.length, freeze({ __proto__: null, name, handler }));
  };

  // ---- routes ----

  const ROUTES_MAX = 32;
  const ROUTE_PATH_CHARACTERS_MAX = 200;
  const JSON_KIND = "application/json";
  const NO_BYTES = new Uint8Array(0);
  const routes = [];
  const requestMake = (head, body) => {
    const text = () => native.utf8Decode(body, false);
    return freeze({
      __proto__: null,
      method: head.method,
      path: head.path,
      params: freeze(head.params),
      query: freeze(head.query),
      headers: freeze(head.headers),
      form: head.form && freeze(head.form),
      body,
      text,
      json: () => jsonParse(text()),
    });
  };
  // What a handler gave, as the host takes it: a head, and a body as text or bytes.
  const answerMake = (value) => {
    if (value === undefined) return { __proto__: null, head: { __proto__: null, status: 204 }, body: NO_BYTES };
    if (typeof value === "string")
      return { __proto__: null, head: { __proto__: null, kind: "text/plain" }, body: toWellFormed(value) };
    const form = "a route answers with a text or with { status, headers, body }";
    if (value === null || typeof value !== "object" || isArray(value) || isView(value)) throw invalidInput(form);
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length; i++)
      if (keys[i] !== "status" && keys[i] !== "headers" && keys[i] !== "body")
        throw invalidInput(form + "; it knows no '" + plainText(keys[i]) + "'");
    const given = optional(value.body);
    const head = { __proto__: null, status: optional(value.status), headers: optional(value.headers) };
    if (given === undefined) return { __proto__: null, head, body: NO_BYTES };
    if (typeof given === "string") {
      head.kind = "text/plain";
      return { __proto__: null, head, body: toWellFormed(given) };
    }
    if (isView(given) || given instanceof ArrayBuffer) {
      head.kind = "application/octet-stream";
      return { __proto__: null, head, body: given };
    }
    head.kind = JSON_KIND;
    return { __proto__: null, head, body: jsonText(given, "the body of an answer") };
  };
  const answering = (handler) => async (head) => {
    const body = head.hasBody ? await hostCall("route.body", { __proto__: null }) : new Uint8Array(0);
    const answer = answerMake(await handler(requestMake(head, body), ctx));
    return { __proto__: null, data: await hostCall("route.answer", answer.head, answer.body) };
  };
  const route = (method, path, handler) => {
    if (phase === RUNNING) throw invalidInput("ctx.route: routes are registered in activate, not in a run");
    if (typeof method !== "string" || typeof path !== "string" || method.length > 8 || path.length > ROUTE_PATH_CHARACTERS_MAX)
      throw invalidInput("ctx.route: the method is one such as GET, the path a text of at most " + ROUTE_PATH_CHARACTERS_MAX + " characters");
    const what = method + " " + path;
    if (typeof handler !== "function") throw invalidInput("ctx.route('" + what + "'): the handler is not a function");
    if (routes.length >= ROUTES_MAX) throw invalidInput("ctx.route: an app registers at most " + ROUTES_MAX + " routes");
    for (let i = 0; i < routes.length; i++)
      if (routes[i].what === what) throw invalidInput("ctx.route('" + what + "'): it is registered already");
    const name = ROUTE_PREFIX + routes.length + ":" + what;
    hidden(routes, routes.length, freeze({ __proto__: null, name, what, handler: answering(handler) }));
  };

  let env;
  let signal;
  const deepFreeze = (value) => {
    if (!isObject(value)) return value;
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length; i++) deepFreeze(value[keys[i]]);
    return freeze(value);
  };
  const ctx = freeze({
    ai: freeze({
      generateText: laterStream("ai.generateText"),
      generateObject: later("ai.generateObject"),
      embed: later("ai.embed"),
    }),
    tools: freeze({
      file,
      csv,
      http,
      pdf,
      clipboard: freeze({ read: later("clipboard.read"), write: later("clipboard.write") }),
      shell,
      mcp,
      knowledge: freeze({ add: later("knowledge.add"), search: later("knowledge.search") }),
    }),
    storage,
    push_stream: pushStream,
    emit: promising((topic, payload) =>
      hostCall("emit", { __proto__: null, topic: String(topic), payload: payload === undefined ? null : payload }),
    ),
    console,
    get env() {
      if (phase !== RUNNING) throw notInActivation("ctx.env");
      env ??= deepFreeze(native.env());
      return env;
    },
    get signal() {
      signal ??= new AbortSignal();
      return signal;
    },
    on: listen,
    route,
  });

  // ---- globals ----

  const globals = {
    console,
    crypto,
    setTimeout,
    clearTimeout: timerClear,
    setInterval: timerSet("setInterval", true),
    clearInterval: timerClear,
    TextEncoder,
    TextDecoder,
    AbortController,
    AbortSignal,
    structuredClone: (value) => native.clone(value),
  };
  for (const name of ownKeys(globals)) hidden(globalThis, name, globals[name]);
  // Memory shared between threads that do not exist, and a clock finer than the run's own.
  for (const name of ["SharedArrayBuffer", "Atomics", "performance"]) delete globalThis[name];

  // ---- activation ----

  const isRegistered = (name) =>
    textSlice(name, 0, HANDLER_PREFIX.length) === HANDLER_PREFIX || textSlice(name, 0, ROUTE_PREFIX.length) === ROUTE_PREFIX;
  let namespace;
  let activated = false;
  const activate = (fulfilled, value) => {
    if (!fulfilled) return fail(value);
    if (!activated) {
      activated = true;
      const hook = namespace.activate;
      if (typeof hook === "function") return settledLater(hook(ctx));
    }
    for (let i = 0; i < handlers.length; i++) native.exported(handlers[i].name, handlers[i].handler);
    for (let i = 0; i < routes.length; i++) native.exported(routes[i].name, routes[i].handler);
    const names = ownKeys(namespace);
    for (let i = 0; i < names.length; i++) {
      const action = typeof names[i] === "string" ? namespace[names[i]] : undefined;
      // An export cannot pass for what was registered, nor take its place.
      if (typeof action !== "function" || isRegistered(names[i])) continue;
      native.exported(names[i], action);
    }
    namespace = undefined;
    native.done();
  };

  // ---- a run ----

  // A native promise for anything with a `then`, else the value itself.
  const settledLater = (value) => {
    if (!isObject(value) || value instanceof Promise || typeof value.then !== "function") return value;
    return new Promise((resolve) => resolve(value));
  };
  let iterator;
  let iteratorNext;
  const pull = () => settledLater(apply(iteratorNext, iterator, []));
  // A piece of a generator: a string is text, anything else is data.
  const emit = (value) => {
    if (value === undefined) return;
    if (typeof value === "string") checked(native.text(value));
    else checked(native.data("data", jsonText(value, "a yielded value"), undefined));
  };
  // What a function returned, where it is more than a plain result (the guest's program takes those): a thenable or a
  // generator; then the generator's steps.
  const step = (fulfilled, value) => {
    if (!fulfilled) return fail(value);
    if (iterator === undefined) {
      const settled = settledLater(value);
      if (settled !== value) return settled;
      const make = value?.[asyncIterator] ?? (typeof value?.next === "function" ? value[syncIterator] : undefined);
      if (typeof make !== "function") return native.result(value);
      iterator = apply(make, value, []);
      iteratorNext = iterator.next;
      return pull();
    }
    // One step of the generator has ended.
    for (;;) {
      if (!isObject(value)) throw new TypeError("the generator's next() gave no object");
      if (value.done) return native.result(value.value);
      emit(value.value);
      value = pull();
      if (value instanceof Promise) return value;
    }
  };

  return {
    phase: (value) => {
      phase = value;
    },
    collect: (value) => {
      namespace = value;
    },
    ctx,
    asyncIterator,
    activate,
    step,
    settle,
    uncaught: fail,
    unhandled: (reason) => console.error("a promise was rejected and nobody looked:", reason),
  };
};
