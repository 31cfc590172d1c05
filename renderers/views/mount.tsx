// A renderer as a view of its own, in any host of MCP Apps: the same drawing as in our page, with Preact under it.

import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { checkData } from "../../ui/src/views/check";
import { HostContext, type ViewHost } from "../../ui/src/views/host";
import type { View } from "../../ui/src/views/view";
import "../../ui/src/views/views.css";
import "./page.css";
import { escapeLines } from "../shared/escape";
import { viewConnect, type ToolResult, type ViewClient } from "../shared/view-client";
import { words } from "../shared/words";

type Language = ViewHost["language"];

interface State {
  language: Language;
  result: ToolResult | undefined;
}

export function viewMain<Data>(name: string, view: View<Data>): void {
  const root = document.createElement("div");
  document.body.append(root);
  createRoot(root).render(<Main name={name} view={view as View<unknown>} root={root} />);
}

function Main({ name, view, root }: { name: string; view: View<unknown>; root: HTMLElement }) {
  const [state, setState] = useState<State>({ language: "en", result: undefined });
  const [client, setClient] = useState<ViewClient | undefined>(undefined);
  useEffect(() => {
    void viewConnect(name, {
      context({ theme, locale }) {
        const page = document.documentElement;
        if (theme !== undefined) page.dataset["theme"] = theme === "dark" ? "dark" : "light";
        if (locale === undefined) return;
        const language = locale.startsWith("de") ? "de" : "en";
        page.lang = language;
        setState((now) => ({ ...now, language }));
      },
      result: (result) => setState((now) => ({ ...now, result })),
    }).then(setClient);
  }, [name]);
  useEffect(() => (client === undefined ? undefined : sizesSay(root, client)), [client, root]);
  const host = useMemo<ViewHost>(
    () => ({ language: state.language, openLink: (url) => void client?.openLink(url) }),
    [state.language, client],
  );
  return (
    <HostContext.Provider value={host}>
      <main className="oikos-view">
        <Drawn view={view} {...state} />
      </main>
    </HostContext.Provider>
  );
}

function Drawn({ view, language, result }: State & { view: View<unknown> }) {
  const data = result?.structuredContent;
  const verdict = useMemo(() => checkData(view.schema, data), [view, data]);
  if (result === undefined) return <p className="view-quiet">{words[language].viewWaits}</p>;
  if (verdict.is_valid) return <view.Drawing data={data} />;
  return <pre className="view-text">{escapeLines(contentText(result.content))}</pre>;
}

/** The text that every tool result carries beside its data. */
function contentText(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return content
    .flatMap((part: unknown) =>
      typeof part === "object" && part !== null && "text" in part && typeof part.text === "string" ? [part.text] : [],
    )
    .join("\n");
}

function sizesSay(root: HTMLElement, client: ViewClient): () => void {
  let last = 0;
  const sizes = new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    client.sizeSay({ width: root.clientWidth, height });
  });
  sizes.observe(root);
  return () => sizes.disconnect();
}
