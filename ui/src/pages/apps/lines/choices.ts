// What an owner can say about one switch, and how it is said to oikos so that exactly what is shown is what holds.
//
// A choice without a target sets a switch for all that the app asks for; folders that were named before stay. Of folders,
// the first choice of a line replaces those before. Of hosts, each adds to what the same word said already: so a list of
// fewer hosts begins with Block.
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
  return { state, folders, rules: scope.scope === "network" && rules.length === 0 ? [ANY_HOST] : rules };
}

/** Folders that the author proposes. */
export const proposedFolders = (line: CardLine | GrantView): readonly string[] =>
  line.scope.scope === "file" && line.needs ? (line.scope.folders ?? []) : [];

/** Where an app starts by itself, nobody is there to be asked. */
export function canAsk(scope: Scope): boolean {
  if (scope.scope === "event") return (scope.listen ?? []).length === 0;
  return scope.scope !== "trigger" && scope.scope !== "schedule";
}

/** Whether an allowed line still needs something from the owner before it is of any use. */
export const isLacking = (line: CardLine | GrantView, wanted: Wanted): boolean =>
  wanted.state === "allow" && Boolean(line.needs) && wanted.folders.length === 0;

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
  if (line.scope.scope !== "network") return [plain];
  const asked = before.rules.filter((rule) => !rule.by_owner);
  const kept = rules.filter((rule) => !rule.by_owner);
  if (asked.length > 0 && kept.length === asked.length) {
    return [plain, ...named(rules.filter((rule) => rule.by_owner).map(ruleTarget))];
  }
  return [{ line: name, state: "block" }, ...named(rules.map(ruleTarget))];
}

/** Without one of its hosts. What is left is named by the owner then, one host and path at a time and with all methods. */
export function withoutRule(rules: readonly HostRule[], gone: HostRule): HostRule[] {
  const left = rules.filter((rule) => keyOf(rule) !== keyOf(gone));
  if (gone.by_owner) return left;
  const own = left
    // What no stranger may lead to is not opened by taking something else away.
    .filter((rule) => rule.by_owner || (!isAnyHost(rule) && !isNear(rule.host)))
    .flatMap((rule) => {
      const paths = rule.paths.length > 0 ? rule.paths.map((path) => [path]) : [[]];
      return rule.by_owner ? [rule] : paths.map((paths) => ({ ...rule, methods: [], paths, by_owner: true }));
    });
  return unique(own);
}

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
