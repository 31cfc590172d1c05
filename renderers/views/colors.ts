import { useEffect, useState } from "react";

/** What a style sheet's color is now, for canvases, which know no style sheets. Changes with the theme. */
export function useColors(): (name: string) => string {
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const changes = new MutationObserver(() => setTheme((now) => now + 1));
    changes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => changes.disconnect();
  }, []);
  const [read, setRead] = useState(() => colorRead);
  useEffect(() => setRead(() => (name: string) => colorRead(name)), [theme]);
  return read;
}

function colorRead(name: string): string {
  const from = document.querySelector(".oikos-view") ?? document.documentElement;
  return getComputedStyle(from).getPropertyValue(name).trim() || "#808080";
}
