// Servers and tools as oikos tells of them.
import type { Schemas } from "@/api/client";
import { isDeceptive } from "../../views/deceptive";

export type Server = Schemas["ServerView"];
export type Tool = Schemas["ServerToolView"];

export const HOSTILE =
  '<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u2066txt\u200b\u001b[31m <a href="javascript:alert(1)">x</a>';

export const definition = (name: string, description = `Does ${name}.`, more: object = {}) => ({
  name,
  description,
  inputSchema: { type: "object", properties: { place: { type: "string" } } },
  ...more,
});

export function tool(name: string, standing: Tool["standing"] = "accepted", more: Partial<Tool> = {}): Tool {
  const said = definition(name);
  return {
    name,
    action: name.replaceAll("-", "_"),
    standing,
    state: "allow",
    ...(standing === "added" ? { offered: said } : { accepted: said }),
    ...more,
  };
}

export const server = (app: string, more: Partial<Server> = {}): Server =>
  pinned({
    app,
    title: app,
    enabled: true,
    place: "node server.js",
    looked_at: 1_790_000_000_000,
    pin: "",
    tools: [],
    ...more,
  });

/** With what stands for what it says of its tools now. */
export function pinned(of: Server): Server {
  const said = JSON.stringify(of.tools.map(({ name, offered, accepted }) => [name, offered ?? accepted]));
  let sum = 0;
  for (const character of said) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 0xffff_ffff;
  return { ...of, pin: sum.toString(16).padStart(64, "0") };
}

export const running: NonNullable<Server["running"]> = {
  age_ms: 61_000,
  live_calls: 2,
  facts: [
    { concern: "files", hold: "full", sentence: { code: "isolate_files_apart", args: [{ list: ["Landlock"] }] } },
    { concern: "network", hold: "full", sentence: { code: "isolate_network_none", args: [{ list: ["seccomp"] }] } },
    {
      concern: "processes",
      hold: "part",
      sentence: { code: "isolate_processes_ruled", args: [{ number: 8 }, { list: ["Landlock"] }] },
    },
    {
      concern: "memory",
      hold: "full",
      sentence: { code: "isolate_memory_all", args: [{ bytes: 1_024 }, { list: [] }] },
    },
  ],
};

/** Characters on the screen that hide or turn others. */
export const deceptiveIn = (text: string | null): string[] =>
  [...(text ?? "")].filter((character) => isDeceptive(character) && character !== "\n" && character !== "\t");
