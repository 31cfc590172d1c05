// The page's colors and type under the names that MCP Apps has for them, so that a stranger's view looks at home.

/** The protocol's names, and ours. */
const NAMES: Readonly<Record<string, string>> = {
  "--color-background-primary": "--surface",
  "--color-background-secondary": "--ground",
  "--color-background-tertiary": "--raised",
  "--color-background-inverse": "--ink",
  "--color-background-danger": "--danger-soft",
  "--color-background-success": "--good-soft",
  "--color-background-warning": "--caution-soft",
  "--color-background-info": "--info-soft",
  "--color-text-primary": "--ink",
  "--color-text-secondary": "--muted",
  "--color-text-tertiary": "--muted",
  "--color-text-inverse": "--surface",
  "--color-text-danger": "--danger",
  "--color-text-success": "--good",
  "--color-text-warning": "--caution",
  "--color-text-info": "--accent",
  "--color-border-primary": "--control",
  "--color-border-secondary": "--line",
  "--color-border-tertiary": "--line",
  "--color-border-danger": "--danger",
  "--color-border-success": "--good",
  "--color-border-warning": "--caution",
  "--color-border-info": "--accent",
  "--color-ring-primary": "--accent",
  "--font-sans": "--font-sans",
  "--font-mono": "--font-mono",
};

/** As they are now: of another theme they are others. */
export function styleVariables(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const known = Object.entries(NAMES).map(([name, ours]) => [name, style.getPropertyValue(ours).trim()]);
  return Object.fromEntries(known.filter(([, value]) => value !== ""));
}
