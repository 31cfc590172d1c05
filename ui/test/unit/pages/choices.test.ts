// What is shown after a choice is what holds. `holds` does what the kernel does with choices (crates/kernel/src/grants.rs,
// crates/broker/src/scopes/network.rs), so that the two cannot part unseen.
import { describe, expect, it } from "vitest";
import {
  asAsked,
  choicesFor,
  isLacking,
  isNear,
  ruleFrom,
  ruleTarget,
  ruleText,
  wantedOf,
  withoutRule,
  withRule,
  type HostRule,
  type LineChoice,
  type State,
} from "@/pages/apps/lines/choices";
import { cronWords } from "@/pages/apps/lines/cron";
import { aliasLine, fileLine, live, networkLine, OFFER, scheduleLine } from "./cards";

const asked: HostRule[] = wantedOf(networkLine()).rules as HostRule[];

interface Held {
  state: State;
  rules: HostRule[];
}

function holds(requested: readonly HostRule[], before: Held, choices: readonly LineChoice[]): Held {
  let held = before;
  for (const { state, target, only } of choices) {
    if (only) {
      const known = [...held.rules, ...requested];
      const left = only.map((text) => known.find((rule) => ruleText(rule) === text));
      if (left.length === 0 || left.includes(undefined)) throw new Error(`oikos would refuse ${only.join()}`);
      held = { state, rules: left as HostRule[] };
    } else if (!target) {
      const isBlock = state === "block" || held.state === "block";
      held = { state, rules: isBlock ? [...requested] : held.rules };
    } else {
      const named = ruleFrom(target);
      if (!named || state === "block") throw new Error(`oikos would refuse ${target}`);
      const same = held.state === state ? held.rules : [];
      held = { state, rules: [...same.filter((rule) => ruleTarget(rule) !== target || !rule.by_owner), named] };
    }
  }
  return held;
}

const names = (held: { state: State; rules: readonly HostRule[] }) => ({
  state: held.state,
  rules: held.rules
    .map((rule) => `${rule.by_owner ? "own " : ""}${ruleTarget(rule)} ${rule.methods.join()}`)
    .toSorted(),
});

describe("hosts", () => {
  const [first, second] = asked as [HostRule, HostRule];
  const added = ruleFrom("files.example.net:8443/a") as HostRule;
  const wishes: readonly [string, HostRule[]][] = [
    ["as asked", asked],
    ["one fewer", withoutRule(asked, second)],
    ["one more", withRule(asked, added)],
    ["one fewer and one more", withRule(withoutRule(asked, first), added)],
    ["only another", [added]],
  ];
  it.each(wishes)("hold exactly as shown on a card and later: %s", (_name, wished) => {
    for (const state of ["allow", "ask"] as const) {
      for (const proposed of ["allow", "ask"] as const) {
        const line = networkLine({ state: proposed });
        const wanted = { state, folders: [], bound: null, rules: wished };
        const before = { state: proposed, rules: asked };
        expect(names(holds(asked, before, choicesFor(line, wanted)))).toEqual(names(wanted));
      }
      // From every state to every other, once it is installed.
      for (const [, standing] of wishes) {
        const grant = live(networkLine({ state: "allow", scope: { scope: "network", rules: standing } }));
        const before = { state: "allow" as const, rules: standing };
        // What is shown there is all that can be kept of it.
        if (wished.some((rule) => !rule.by_owner && !standing.includes(rule))) continue;
        const wanted = { state, folders: [], bound: null, rules: wished };
        expect(names(holds(asked, before, choicesFor(grant, wanted)))).toEqual(names(wanted));
      }
    }
  });

  it("keep all that the author bound them to when another goes", () => {
    const [first, second] = asked as [HostRule, HostRule];
    const bound = { ...second, methods: ["GET"], paths: ["/v1"] };
    const line = networkLine({ scope: { scope: "network", rules: [first, bound] } });
    const wanted = { ...wantedOf(line), rules: withoutRule(wantedOf(line).rules, first) };
    expect(choicesFor(line, wanted)).toEqual([
      { line: "network", state: line.state, only: [`${second.host} /v1 (GET)`] },
    ]);
  });

  it("are not changed by who looked before somebody else changed them", () => {
    const grant = { ...live(networkLine()), grant: "01980000-0000-7000-8000-000000000001" };
    expect(choicesFor(grant, wantedOf(grant))[0]).toMatchObject({ of: grant.grant });
    expect(asAsked(grant)).toEqual([
      { line: "network", state: "block", of: grant.grant },
      { line: "network", state: "ask" },
    ]);
  });

  it("that are near are known", () => {
    const near = ["localhost", "nas", "printer.local", "10.0.0.1", "172.16.0.9", "169.254.1.1", "[::1]", "fd00::1"];
    for (const host of near) expect(isNear(host), host).toBe(true);
    for (const host of ["example.org", "*.example.org", "8.8.8.8", "172.32.0.1", "2606:4700::1111"]) {
      expect(isNear(host), host).toBe(false);
    }
  });

  it("are read as oikos reads them", () => {
    expect(ruleFrom("HTTP://Example.org/a")).toMatchObject({
      host: "example.org",
      port: 80,
      paths: ["/a"],
      by_owner: true,
    });
    expect(ruleFrom("*.example.org")).toMatchObject({ host: "*.example.org", port: null, paths: [] });
    for (const wrong of ["", "*", "*.org", "a b", "ftp://a.org", "a.org?x", "me@a.org", "a.org#x", "a\\b"]) {
      expect(ruleFrom(wrong), wrong).toBeNull();
    }
  });
});

describe("folders", () => {
  it("that a card proposes are named by nobody", () => {
    const line = fileLine();
    expect(wantedOf(line).folders).toEqual([]);
    expect(choicesFor(line, { state: "allow", folders: ["/a", "/b"], bound: null, rules: [] })).toEqual([
      { line: "file.read", state: "allow", target: "/a" },
      { line: "file.read", state: "allow", target: "/b" },
    ]);
  });

  it("stay when only the word changes, and are named again in full when they change", () => {
    const grant = live(fileLine({ needs: null, scope: { scope: "file", access: "read", folders: ["/a"] } }));
    const wanted = wantedOf(grant);
    expect(choicesFor(grant, { ...wanted, state: "ask" })).toEqual([{ line: "file.read", state: "ask" }]);
    expect(choicesFor(grant, { ...wanted, folders: ["/a", "/b"] })).toEqual([
      { line: "file.read", state: "allow", target: "/a" },
      { line: "file.read", state: "allow", target: "/b" },
    ]);
    expect(choicesFor(grant, { ...wanted, state: "block" })).toEqual([{ line: "file.read", state: "block" }]);
  });
});

describe("a name of the app's own for a server", () => {
  it("stands for what is chosen, and is not chosen again when only the word changes", () => {
    const line = aliasLine();
    expect(wantedOf(line).bound).toBeNull();
    expect(choicesFor(line, wantedOf(line))).toEqual([{ line: "mcp.search", state: "ask" }]);
    expect(isLacking(line, { ...wantedOf(line), state: "allow" })).toBe(false);
    const wanted = { ...wantedOf(line), bound: "github/search_code" };
    expect(choicesFor(line, wanted)).toEqual([{ line: "mcp.search", state: "ask", target: "github/search_code" }]);
    const grant = { ...live(aliasLine({ needs: null })), bound: "github", grant: OFFER };
    expect(choicesFor(grant, { ...wantedOf(grant), state: "allow" })).toEqual([{ line: "mcp.search", state: "allow" }]);
    expect(choicesFor(grant, { ...wantedOf(grant), state: "block" })).toEqual([{ line: "mcp.search", state: "block" }]);
    // What somebody else bound meanwhile is not bound to something else unseen.
    expect(choicesFor(grant, { ...wantedOf(grant), bound: "gitlab" })).toEqual([
      { line: "mcp.search", state: "ask", target: "gitlab", of: OFFER },
    ]);
  });
});

it("says schedules in words, and only what it is sure of", () => {
  expect(cronWords("30 8 * * 1-5", "en")).toBe("Monday to Friday at 08:30");
  expect(cronWords("*/15 * * * *", "de")).toBe("alle 15 Minuten");
  expect(cronWords("0 9 * * 1,4", "de")).toBe("jeden Montag und Donnerstag um 09:00 Uhr");
  for (const other of ["*/7 * * * *", "0 9 1 1 *", "0 9 1 * 1", "x", "* * * *"])
    expect(cronWords(other, "en")).toBeNull();
  expect(choicesFor(scheduleLine(), { state: "block", folders: [], bound: null, rules: [] })).toEqual([
    { line: "event.schedule", state: "block" },
  ]);
});
