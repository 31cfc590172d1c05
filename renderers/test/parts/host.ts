// A page that holds one view at a time, with whichever host speaks to it. The test drives it by `show` and reads `heard`.

export interface Given {
  data: unknown;
  text: string;
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
}

export function hostMain(hold: Hold): void {
  let end: (() => void) | undefined;
  const shown: Shown = { heights: [], links: [], stops: [] };
  Object.assign(window, {
    heard: shown,
    show(origin: string, html: string, given: Given) {
      end?.();
      document.body.replaceChildren();
      Object.assign(shown, { heights: [], links: [], stops: [] } satisfies Shown);
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
