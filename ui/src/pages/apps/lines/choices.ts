// What an owner can say about one switch, and how it is said to oikos so that exactly what is shown is what holds.
//
// A choice without a target leaves the folders and hosts that were named. Of folders, the first choice of a line replaces
// those before. Of hosts, `only` says which of those that there are stay, and each target adds one.
import type { Schemas } from "@/api/client";

export type CardLine = Schemas["CardLine"];
export type GrantView = Schemas["GrantView"];
export type LineChoice = Schemas["LineChoice"];
export type State = Schemas["GrantState"];
export type HostRule = Schemas["HostRule"];
type Scope = Schemas["Scope"];

/** What is to hold for one line. */
export interface Wanted {
  state: State;
  /** For files: the folders that the owner named. */
  folders: readonly string[];
  /** For the network: what it may talk to; `*` is any public host. */
  rules: readonly HostRule[];
  /** For a name of the app's own for a server: what it stands for, as the owner would write it. */
  bound: string | null;
}

const ANY = "*";
const ANY_HOST: HostRule = { host: ANY, port: null, methods: [], paths: [], by_owner: false };

/** A rule with nothing left out: empty parts are not written. */
const whole = (rule: Partial<HostRule>): HostRule => ({ ...ANY_HOST, ...rule });

export const isLive = (line: CardLine | GrantView): line is GrantView => "duration" in line;
const isTemporary = (line: CardLine | GrantView): boolean => isLive(line) && line.duration.for !== "always";

/** What holds now, or on a card what is proposed. A folder that the author proposes was named by nobody yet. */
export function wantedOf(line: CardLine | GrantView): Wanted {
  const { scope, state } = line;
  const folders = scope.scope === "file" && !line.needs ? (scope.folders ?? []) : [];
  const rules = scope.scope === "network" ? (scope.rules ?? []).map(whole) : [];
  const bound = (isLive(line) && line.bound) || null;
  return { state, folders, bound, rules: scope.scope === "network" && rules.length === 0 ? [ANY_HOST] : rules };
}

/** Whether a line is about a name of the app's own for a server. */
export const isAlias = ({ scope }: CardLine | GrantView): boolean => scope.scope === "mcp" && scope.alias === true;

/** Folders that the author proposes. */
export const proposedFolders = (line: CardLine | GrantView): readonly string[] =>
  line.scope.scope === "file" && line.needs ? (line.scope.folders ?? []) : [];

/** Folders that a line was proposed with, as its owner's own: they stand where the owner set the server up. */
export function asFound(line: CardLine | GrantView): Wanted | null {
  const folders = proposedFolders(line);
  if (folders.length === 0) return null;
  return { ...wantedOf(line), folders, state: line.state === "block" ? "allow" : line.state };
}

/** Where an app starts by itself, nobody is there to be asked. */
export function canAsk(scope: Scope): boolean {
  if (scope.scope === "event") return (scope.listen ?? []).length === 0;
  return scope.scope !== "trigger" && scope.scope !== "schedule";
}

/** Whether an allowed line still needs a folder from the owner before it is of any use. */
export const isLacking = (line: CardLine | GrantView, wanted: Wanted): boolean =>
  line.scope.scope === "file" && wanted.state === "allow" && Boolean(line.needs) && wanted.folders.length === 0;

export const isAnyHost = (rule: HostRule): boolean => rule.host === ANY;

const same = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((text, index) => text === other[index]);

/** The choices that make `wanted` hold. */
export function choicesFor(line: CardLine | GrantView, wanted: Wanted): LineChoice[] {
  const name = line.line;
  const { state, folders, rules } = wanted;
  const plain: LineChoice = { line: name, state };
  const named = (targets: readonly string[]): LineChoice[] => targets.map((target) => ({ line: name, state, target }));
  const before = wantedOf(line);
  if (state === "block") return [plain];
  if (line.scope.scope === "file") {
    // The same folders are not named again: oikos knows them by more than their names.
    return (same(folders, before.folders) && !isTemporary(line)) || folders.length === 0 ? [plain] : named(folders);
  }
  if (isAlias(line)) {
    const { bound } = wanted;
    return [bound && bound !== before.bound ? { ...plain, target: bound, ...lookedAt(line) } : plain];
  }
  if (line.scope.scope !== "network") return [plain];
  const known = new Set(before.rules.map(keyOf));
  const kept = rules.filter((rule) => known.has(keyOf(rule)));
  const added = named(rules.filter((rule) => !known.has(keyOf(rule))).map(ruleTarget));
  const first: LineChoice =
    kept.length > 0
      ? { line: name, state, only: kept.map((rule) => ruleText(rule)) }
      : // Of those before none is left, so those that are named begin anew.
        { line: name, state: "block" };
  return [{ ...first, ...lookedAt(line) }, ...added];
}

/** All that the app asks for again, each time asked about. */
export const asAsked = (line: CardLine | GrantView): LineChoice[] => [
  { line: line.line, state: "block", ...lookedAt(line) },
  { line: line.line, state: "ask" },
];

/** What somebody changed meanwhile, perhaps in another window, is not changed by who did not see it. */
const lookedAt = (line: CardLine | GrantView): Pick<LineChoice, "of"> =>
  isLive(line) && line.grant ? { of: line.grant } : {};

/** A rule with everything it says, as `rule_text` of the broker writes it. */
export function ruleText(rule: HostRule, anyHost = "any public host"): string {
  const host = isAnyHost(rule) ? anyHost : rule.host;
  const port = rule.port === null ? "" : `:${rule.port}`;
  const paths = rule.paths.length > 0 ? ` ${rule.paths.join(" ")}` : "";
  const methods = rule.methods.length > 0 ? ` (${rule.methods.join(", ")})` : "";
  return `${host}${port}${paths}${methods}`;
}

export const withoutRule = (rules: readonly HostRule[], gone: HostRule): HostRule[] =>
  rules.filter((rule) => keyOf(rule) !== keyOf(gone));

export const withRule = (rules: readonly HostRule[], added: HostRule): HostRule[] => unique([...rules, added]);

const keyOf = ({ host, port, paths, methods, by_owner }: HostRule): string =>
  JSON.stringify([host, port, paths, methods, by_owner]);

const unique = (rules: readonly HostRule[]): HostRule[] => [
  ...new Map(rules.map((rule) => [keyOf(rule), rule])).values(),
];

/** A rule as the owner would write it: `HOST[:PORT][/PATH]`. */
export function ruleTarget({ host, port, paths }: HostRule): string {
  const named = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const path = paths[0] ?? "";
  return `${named}${port === null ? "" : `:${port}`}${path.startsWith("/") || path === "" ? path : `/${path}`}`;
}

/** Reads what the owner writes, as `rule_read` of the broker does; nothing where it names no host. */
export function ruleFrom(text: string): HostRule | null {
  const given = text.trim();
  const [, scheme = "https", rest = ""] = /^(?:(https?):\/\/)?(.*)$/i.exec(given) ?? [];
  if (!rest || /[?#@\\\s]/.test(rest) || rest.includes("://")) return null;
  const isBelow = rest.startsWith("*.");
  try {
    const url = new URL(`${scheme.toLowerCase()}://${isBelow ? rest.slice(2) : rest}`);
    if (!url.hostname || url.hostname.includes("*") || (isBelow && !url.hostname.includes("."))) return null;
    const port = url.port ? Number(url.port) : scheme.toLowerCase() === "http" ? 80 : 443;
    const paths = url.pathname === "/" ? [] : [url.pathname];
    const host = `${isBelow ? "*." : ""}${url.hostname}`;
    return { host, port: port === 443 ? null : port, methods: [], paths, by_owner: true };
  } catch {
    return null;
  }
}

const NEAR_ENDINGS = new Set(["localhost", "local", "internal", "lan", "home", "arpa", "intranet", "private", "corp"]);
const NEAR_ADDRESSES =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|2[2-5]\d)\./;

/** Whether a host lies on the owner's own machine or network. In doubt it does: of addresses of the new kind, only those that are given out worldwide do not. */
export function isNear(host: string): boolean {
  const name = host.replace(/^\*\./, "").replace(/\.$/, "").toLowerCase();
  if (name.includes(":")) return !/^\[?[23][0-9a-f]{3}:/.test(name);
  if (/^[\d.]+$/.test(name)) return NEAR_ADDRESSES.test(name);
  return !name.includes(".") || NEAR_ENDINGS.has(name.slice(name.lastIndexOf(".") + 1));
}
