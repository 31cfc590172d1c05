import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { useLanguage } from "@/i18n";
import { escapeText } from "@/text/escape";
import { ViewBridge, type SavedFile, type StopReason, type ViewContext } from "./bridge";
import { ResultView } from "./ResultView";
import { styleVariables } from "./style-variables";
import { words } from "../../../renderers/shared/words";

const ViewQuestion = lazy(() => import("./ViewQuestion"));

// A frame that has not come to draw by then is taken away.
const READY_MS = 15_000;
const HEIGHT_PX_FIRST = 160;

interface ViewFrameProps {
  /** The app whose view this is, for the frame's title. */
  app: string;
  /** Where the app's frames live: `http://<hash>.localhost:<port>`. Nothing else is listened to. */
  origin: string;
  /** The view: one HTML document, complete in itself. */
  html: string;
  /** What it is to draw; the text is for when it cannot. */
  data?: unknown;
  text?: string | null | undefined;
  /** What the run was started with, if the view may know. */
  input?: unknown;
  /** What a server's tool answered, for the server's own view: as it is, in place of data and text. */
  answer?: object;
  /** Asks that server, for its view. */
  ask?(method: string, params: object): Promise<object>;
  /** It is all of its app: it fills the screen, hears of no run, and need not say that it draws. */
  fills?: boolean;
  /** What stands there where it cannot be; the data or the text of the run where nothing is named. */
  instead?: ReactNode;
}

export type Wish = { kind: "link"; url: string } | { kind: "file"; file: SavedFile };

interface Question {
  wish: Wish;
  answer(agreed: boolean): void;
}

/** A view that an app brings along, in a frame that can reach nothing. When it fails, its text is shown instead. */
export function ViewFrame(props: ViewFrameProps) {
  // Another view is another frame: nothing of the one before it stays.
  return <Frame key={`${props.origin} ${props.html}`} {...props} />;
}

function Frame({ app, origin, html, data, text, input, answer, ask: asks, fills = false, instead }: ViewFrameProps) {
  const language = useLanguage();
  const said = words[language];
  const frame = useRef<HTMLIFrameElement>(null);
  const bridge = useRef<ViewBridge | undefined>(undefined);
  const [heightPx, setHeightPx] = useState(HEIGHT_PX_FIRST);
  const [stopped, setStopped] = useState<StopReason | "silent" | undefined>(undefined);
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const theme = useTheme();
  const isOfServer = asks !== undefined;
  const context = useRef<ViewContext>(contextOf(theme, language, isOfServer));
  const server = useRef(asks);
  const [isDrawing, setIsDrawing] = useState(false);

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const wait = setTimeout(() => setStopped("silent"), READY_MS);
    const ask = (wish: Wish) =>
      new Promise<boolean>((resolve) => {
        setQuestion({
          wish,
          answer(agreed) {
            setQuestion(undefined);
            resolve(agreed);
          },
        });
      });
    const onDrawing = () => {
      clearTimeout(wait);
      setIsDrawing(true);
    };
    const made = new ViewBridge({
      self: window,
      frame: () => element.contentWindow,
      origin,
      html,
      context: context.current,
      now: () => performance.now(),
      isFilling: fills,
      ...(fills ? { onGiven: onDrawing } : { onReady: onDrawing }),
      onHeight: setHeightPx,
      onStop: setStopped,
      openLink: (url) => ask({ kind: "link", url }),
      saveFile: (file) => ask({ kind: "file", file }),
      ...(isOfServer ? { ask: (method, params) => server.current!(method, params) } : {}),
    });
    bridge.current = made;
    element.src = `${origin}/frame`;
    return () => {
      clearTimeout(wait);
      made.close();
      bridge.current = undefined;
    };
  }, [origin, html, fills, isOfServer]);

  useEffect(() => {
    if (!fills && !isOfServer) bridge.current?.resultSend(input, { structuredContent: data, text: text ?? "" });
  }, [input, data, text, fills, isOfServer]);

  // Once for each answer: a view of a server draws anew what it hears again, and some break at that.
  const given = useRef(input);
  useEffect(() => {
    if (answer !== undefined) bridge.current?.answerSend(given.current, answer);
  }, [answer]);

  useEffect(() => {
    server.current = asks;
  }, [asks]);

  useEffect(() => {
    context.current = contextOf(theme, language, isOfServer);
    bridge.current?.contextChange(context.current);
  }, [theme, language, isOfServer]);

  if (stopped !== undefined) {
    return (
      <div className="oikos-view">
        {stopped !== "closed" && <p className="view-note">{said.viewStopped(said.viewReasons[stopped])}</p>}
        {instead ?? <ResultView data={data} text={text} />}
      </div>
    );
  }
  return (
    <div className="oikos-view">
      {!isDrawing && <p className="view-quiet">{said.viewWaits}</p>}
      <iframe
        ref={frame}
        title={said.viewOf(escapeText(app))}
        // oxlint-disable-next-line react/iframe-missing-sandbox -- its origin is another than ours, and only the frame inside it has the view
        sandbox="allow-scripts allow-same-origin allow-forms"
        // The frame learns from it which page holds it.
        referrerPolicy="origin"
        className={fills ? "view-frame view-frame-filling" : "view-frame"}
        height={fills ? undefined : heightPx}
      />
      {question !== undefined && (
        <Suspense fallback={null}>
          <ViewQuestion wish={question.wish} onAnswer={question.answer} />
        </Suspense>
      )}
    </div>
  );
}

/** What a view is told of the page. One of oikos' own, or of an app, has its colors from the theme alone. */
function contextOf(theme: "light" | "dark", locale: string, isOfServer: boolean): ViewContext {
  return { theme, locale, ...(isOfServer ? { styles: { variables: styleVariables() } } : {}) };
}

/** The page's theme, as it changes. */
function useTheme(): "light" | "dark" {
  const [theme, setTheme] = useState<"light" | "dark">(themeRead);
  useEffect(() => {
    const changes = new MutationObserver(() => setTheme(themeRead()));
    changes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => changes.disconnect();
  }, []);
  return theme;
}

const themeRead = (): "light" | "dark" => (document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");
