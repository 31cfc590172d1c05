// A page that holds one view at a time, with whichever host speaks to it. The test drives it by `show` and reads `heard`.

export interface Given {
  data: unknown;
  text: string;
  /** What tools answer, by their names: a view may call them. */
  answers?: Record<string, object>;
  /** What the tool whose view it is was called with, where it matters. */
  asked?: Record<string, unknown>;
  /** What it answered, to the letter, where that is more than the two above. */
  result?: object;
}

/** What the view is to draw, as its host hands it on. */
export function resultOf({ data, text, result }: Given): object {
  return result ?? { content: [{ type: "text", text }], structuredContent: data };
}

/** What the tool of this name answers. */
export function answerOf({ answers = {} }: Given, name: unknown): object {
  const answer = typeof name === "string" ? answers[name] : undefined;
  if (answer === undefined) throw new Error(`there is no tool ${String(name)}`);
  return answer;
}

export interface Heard {
  height(heightPx: number): void;
  link(url: string): void;
  stopped(reason: string): void;
}

type Hold = (frame: HTMLIFrameElement, origin: string, html: string, given: Given, heard: Heard) => () => void;

interface Shown {
  heights: number[];
  links: string[];
  stops: string[];
  /** What came from the view, in its order. */
  said: { method: string; params: unknown }[];
}

export function hostMain(hold: Hold): void {
  let end: (() => void) | undefined;
  const shown: Shown = { heights: [], links: [], stops: [], said: [] };
  window.addEventListener("message", ({ data }: MessageEvent<{ method?: string; params?: unknown }>) => {
    if (typeof data.method === "string") shown.said.push({ method: data.method, params: data.params });
  });
  Object.assign(window, {
    heard: shown,
    show(origin: string, html: string, given: Given) {
      end?.();
      document.body.replaceChildren();
      Object.assign(shown, { heights: [], links: [], stops: [], said: [] } satisfies Shown);
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
      frame.referrerPolicy = "origin";
      document.body.append(frame);
      end = hold(frame, origin, html, given, {
        height: (heightPx) => shown.heights.push(heightPx),
        link: (url) => shown.links.push(url),
        stopped: (reason) => shown.stops.push(reason),
      });
      frame.src = `${origin}/frame`;
    },
  });
}
