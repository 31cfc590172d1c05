// Tells somebody who looks elsewhere that an app waits for them: a count in the title of the window, and, if they want
// it, a notification. It can be read over a shoulder or on a locked screen, so no more than the app's name stands in it.
import { navigate } from "wouter/use-browser-location";
import { line } from "./line";

const KEPT = "notifications";
const COUNTED = /^\(\d+\) /;

export type NoticeState = "unsupported" | "refused" | "on" | "off";

const words = {
  en: { asks: (app: string) => `${app} asks you something`, waits: "It waits for your answer." },
  de: { asks: (app: string) => `${app} fragt dich etwas`, waits: "Die App wartet auf deine Antwort." },
};

const listeners = new Set<() => void>();

export const notices = {
  state(): NoticeState {
    if (!("Notification" in globalThis)) return "unsupported";
    if (Notification.permission === "denied") return "refused";
    return localStorage.getItem(KEPT) === "on" && Notification.permission === "granted" ? "on" : "off";
  },
  /** Asks for the browser's permission where it has not been given, so only ever after a click. */
  async turn(on: boolean): Promise<void> {
    if (!on) localStorage.removeItem(KEPT);
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEPT, "on");
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Tells of open questions until the answer is called. */
export function followQuestions(): () => void {
  const told = new Set<string>();
  const title = () => {
    const count = line.questions().length;
    const plain = document.title.replace(COUNTED, "");
    const wanted = count > 0 ? `(${count}) ${plain}` : plain;
    if (document.title !== wanted) document.title = wanted;
  };
  const look = () => {
    title();
    for (const { id, app } of line.questions()) {
      if (told.has(id)) continue;
      told.add(id);
      if (document.hidden && notices.state() === "on") notify(id, app);
    }
  };
  const off = line.subscribe(look);
  const settled = line.onSettled((id) => void told.delete(id));
  // Each screen writes its own title.
  const titles = new MutationObserver(title);
  titles.observe(document.head, { childList: true, characterData: true, subtree: true });
  look();
  return () => {
    off();
    settled();
    titles.disconnect();
    document.title = document.title.replace(COUNTED, "");
  };
}

function notify(id: string, app: string): void {
  const said = document.documentElement.lang === "de" ? words.de : words.en;
  try {
    // One tag for each question: of several hidden windows, the last to tell replaces the others.
    const notice = new Notification(said.asks(app), { body: said.waits, tag: id });
    notice.onclick = () => {
      globalThis.focus();
      navigate("/approvals");
      notice.close();
    };
  } catch {
    // Browsers on phones have the word and refuse the deed: the count in the title still tells.
  }
}
