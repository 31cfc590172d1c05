const BROWSERS = [
  ["Edge", /\bEdg(A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Headless)?(Chrome|CriOS)\//],
  ["Safari", /\bVersion\/\S+ .*Safari\//],
] as const;
const SYSTEMS = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMacintosh\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
] as const;

/** What a browser says that it is and runs on, in two words, where it is one of those that most people have. */
export function browserName(agent: string, someBrowser: string): string | null {
  const [system] = SYSTEMS.find(([, sign]) => sign.test(agent)) ?? [];
  if (!system) return null;
  // What was cut off may have said that it is another one: Edge calls itself Chrome before it says Edge.
  if (agent.endsWith("…")) return `${someBrowser}, ${system}`;
  const [browser] = BROWSERS.find(([, sign]) => sign.test(agent)) ?? [];
  return browser ? `${browser}, ${system}` : null;
}
