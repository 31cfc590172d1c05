import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { useLanguage } from "@/i18n";
import { escapeLines, escapeText } from "@/text/escape";
import { Guard } from "./Guard";
import { HostContext, useViewWords, type ViewHost } from "./host";
import { JsonTree } from "./JsonTree";
import { isRenderer, viewLoad, viewNow } from "./registry";
import type { View } from "./view";
import { checkData } from "./check";
import "./views.css";

const LinkDialog = lazy(() => import("./LinkDialog"));

// What one block of text draws at most; the data has the rest.
const TEXT_CHARACTERS_MAX = 200_000;

interface ResultViewProps {
  /** The app's word for who draws its data. */
  renderer?: string | null | undefined;
  data?: unknown;
  /** The app's own words for it, shown where nothing can draw the data. */
  text?: string | null | undefined;
}

/**
 * What a run has to show: drawn where a renderer knows the data, else as text, else as a tree. The data itself is always
 * one button away. Everything in it is foreign and only ever text.
 */
export function ResultView({ renderer, data, text }: ResultViewProps) {
  const language = useLanguage();
  const [link, setLink] = useState<string | undefined>(undefined);
  const host = useMemo<ViewHost>(() => ({ language, openLink: setLink }), [language]);
  return (
    <HostContext.Provider value={host}>
      <div className="oikos-view">
        <Chosen renderer={renderer ?? undefined} data={data} text={text ?? undefined} />
        {link !== undefined && (
          <Suspense fallback={null}>
            <LinkDialog url={link} onClose={() => setLink(undefined)} />
          </Suspense>
        )}
      </div>
    </HostContext.Provider>
  );
}

interface Given {
  renderer: string | undefined;
  data: unknown;
  text: string | undefined;
}

function Chosen(given: Given) {
  const words = useViewWords();
  const [asData, setAsData] = useState(false);
  const hasData = given.data !== undefined && given.data !== null;
  const isTree = hasData && given.text === undefined && given.renderer === undefined && typeof given.data === "object";
  return (
    <>
      {asData ? <JsonTree data={given.data} /> : <Drawn {...given} />}
      {hasData && !isTree && (
        <button type="button" className="view-toggle" aria-pressed={asData} onClick={() => setAsData(!asData)}>
          {words.asData}
        </button>
      )}
    </>
  );
}

function Drawn({ renderer, data, text }: Given) {
  const words = useViewWords();
  const plain = <Plain data={data} text={text} />;
  if (renderer === undefined || data === undefined || data === null) return plain;
  if (!isRenderer(renderer)) return <Instead note={words.unknownRenderer(escapeText(renderer))}>{plain}</Instead>;
  return (
    <Guard key={renderer} fallback={<Instead note={words.failedToLoad}>{plain}</Instead>}>
      <Loaded
        renderer={renderer}
        data={renderer === "markdown" && typeof data === "string" ? { text: data } : data}
        plain={plain}
      />
    </Guard>
  );
}

function Loaded({
  renderer,
  data,
  plain,
}: {
  renderer: Parameters<typeof viewLoad>[0];
  data: unknown;
  plain: ReactNode;
}) {
  const words = useViewWords();
  const [view, setView] = useState<View<unknown> | Error | undefined>(() => viewNow(renderer));
  useEffect(() => {
    let isWanted = true;
    viewLoad(renderer).then(
      (loaded) => isWanted && setView(loaded),
      (error: unknown) => isWanted && setView(error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      isWanted = false;
    };
  }, [renderer]);
  const verdict = useMemo(
    () => (view === undefined || view instanceof Error ? undefined : checkData(view.schema, data)),
    [view, data],
  );
  if (view instanceof Error) return <Instead note={words.failedToLoad}>{plain}</Instead>;
  if (view === undefined || verdict === undefined) return <p className="view-quiet">{words.loading}</p>;
  if (!verdict.is_valid) {
    const problem = verdict.problem === "too large" ? words.tooLarge : escapeText(verdict.problem);
    return <Instead note={words.notDrawn(renderer, problem)}>{plain}</Instead>;
  }
  return <view.Drawing data={data} />;
}

function Instead({ note, children }: { note: string; children: ReactNode }) {
  return (
    <>
      <p className="view-note">{note}</p>
      {children}
    </>
  );
}

function Plain({ data, text }: { data: unknown; text: string | undefined }) {
  const words = useViewWords();
  const said = text ?? (typeof data === "string" ? data : undefined);
  if (said !== undefined && said !== "") {
    return (
      <pre className="view-text">
        {escapeLines(said.slice(0, TEXT_CHARACTERS_MAX))}
        {said.length > TEXT_CHARACTERS_MAX && "\n…"}
      </pre>
    );
  }
  if (data === undefined || data === null || said === "") return <p className="view-quiet">{words.nothing}</p>;
  return <JsonTree data={data} />;
}
