// What each client wants to be told, as its public documentation says and as `oikos mcp connect` writes it
// (crates/mcp/src/connect).
export type ClientName = "claude-desktop" | "claude-code" | "cursor" | "vscode" | "windsurf" | "zed" | "any";

/** It calls our address with a key, or starts our program, which must be on the same computer and needs none. */
export type Way = "address" | "program";

export interface Place {
  /** The system on which it is there; absent where it is the same on all. */
  system?: "macOS" | "Windows" | "Linux";
  path: string;
}

export interface Client {
  name: ClientName;
  title: string;
  ways: readonly Way[];
  /** Where the lines go: a file of the client, or its command line. */
  file: readonly Place[];
  lines(way: Way, address: string, key: string): string;
}

const SERVER = "oikos";
const COMMAND = "oikos";
/** Each is known by its name: what it has read, its names for tools and its runs are its own. */
const argumentsOf = (client: ClientName) => ["mcp", "serve", ...(client === "any" ? [] : ["--client", client])];
const WAYS: readonly Way[] = ["address", "program"];

const headers = (key: string) => ({ Authorization: `Bearer ${key}` });
const program = (client: ClientName) => ({ command: COMMAND, args: argumentsOf(client) });
const json = (servers: string, server: object): string => JSON.stringify({ [servers]: { [SERVER]: server } }, null, 2);

export const CLIENTS: readonly Client[] = [
  {
    name: "claude-desktop",
    title: "Claude Desktop",
    // It starts the servers of its file as programs, and reads no addresses from it.
    ways: ["program"],
    file: [
      { system: "macOS", path: "~/Library/Application Support/Claude/claude_desktop_config.json" },
      { system: "Windows", path: "%APPDATA%\\Claude\\claude_desktop_config.json" },
      { system: "Linux", path: "~/.config/Claude/claude_desktop_config.json" },
    ],
    lines: () => json("mcpServers", program("claude-desktop")),
  },
  {
    name: "claude-code",
    title: "Claude Code",
    ways: WAYS,
    file: [],
    lines: (way, address, key) =>
      way === "program"
        ? `claude mcp add --scope user ${SERVER} -- ${COMMAND} ${argumentsOf("claude-code").join(" ")}`
        : `claude mcp add --scope user --transport http ${SERVER} ${address} --header "Authorization: Bearer ${key}"`,
  },
  {
    name: "cursor",
    title: "Cursor",
    ways: WAYS,
    file: [{ path: "~/.cursor/mcp.json" }],
    lines: (way, address, key) =>
      json("mcpServers", way === "program" ? program("cursor") : { url: address, headers: headers(key) }),
  },
  {
    name: "vscode",
    title: "VS Code",
    ways: WAYS,
    file: [
      { system: "macOS", path: "~/Library/Application Support/Code/User/mcp.json" },
      { system: "Windows", path: "%APPDATA%\\Code\\User\\mcp.json" },
      { system: "Linux", path: "~/.config/Code/User/mcp.json" },
    ],
    lines: (way, address, key) =>
      json(
        "servers",
        way === "program"
          ? { type: "stdio", ...program("vscode") }
          : { type: "http", url: address, headers: headers(key) },
      ),
  },
  {
    name: "windsurf",
    title: "Windsurf",
    ways: WAYS,
    file: [{ path: "~/.codeium/windsurf/mcp_config.json" }],
    lines: (way, address, key) =>
      json("mcpServers", way === "program" ? program("windsurf") : { serverUrl: address, headers: headers(key) }),
  },
  {
    name: "zed",
    title: "Zed",
    ways: WAYS,
    file: [
      { system: "macOS", path: "~/.config/zed/settings.json" },
      { system: "Windows", path: "%APPDATA%\\Zed\\settings.json" },
      { system: "Linux", path: "~/.config/zed/settings.json" },
    ],
    lines: (way, address, key) =>
      json("context_servers", way === "program" ? program("zed") : { url: address, headers: headers(key) }),
  },
  {
    name: "any",
    title: "",
    ways: WAYS,
    file: [],
    lines: (way, address, key) =>
      way === "program" ? `${COMMAND} ${argumentsOf("any").join(" ")}` : `${address}\nAuthorization: Bearer ${key}`,
  },
];
