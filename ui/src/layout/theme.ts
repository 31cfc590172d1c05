// Light, dark, or as the system has it. public/begin.js does the same once more before the first paint.
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "theme";
const listeners = new Set<() => void>();

export const theme = {
  /** What was chosen; "system" when nothing was. */
  get(): Theme {
    const kept = localStorage.getItem(KEPT);
    return kept === "light" || kept === "dark" ? kept : "system";
  },
  set(chosen: Theme): void {
    if (chosen === "system") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, chosen);
    show();
  },
  /** For useSyncExternalStore. */
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

const systemIsDark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

function show(): void {
  const chosen = theme.get();
  const dark = chosen === "dark" || (chosen === "system" && Boolean(systemIsDark?.matches));
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

systemIsDark?.addEventListener("change", show);
// Another window chose.
globalThis.addEventListener?.("storage", (event) => {
  if (event.key === KEPT || event.key === null) show();
});
