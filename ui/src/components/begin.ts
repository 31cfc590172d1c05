// Where the keyboard and the screen reader begin. What comes on the screen begins at its title, unless a dialog stands
// in front of it: then the focus is the dialog's until it closes, and the title gets it after that.
import { useLayoutEffect, useRef } from "react";

/** The dialogs that are open, the one in front last. */
const open: object[] = [];
/** What came on the screen behind a dialog and would have got the focus. */
let owed: HTMLElement | null = null;
/** The address whose screen got the focus last. */
let begun: string | null = null;

/** Begins at this element: now, or when nothing stands in front of it any more. */
export function beginAt(element: HTMLElement | null): void {
  if (open.length > 0) owed = element;
  else element?.focus({ preventScroll: true });
}

/** Begins a screen at its title. */
export function beginScreen(address: string, title: HTMLElement | null): void {
  const isSame = begun === address;
  begun = address;
  // Before anybody did anything the browser begins at the top by itself.
  if (!(navigator.userActivation?.hasBeenActive ?? true)) return;
  // A screen that is drawn anew since its answer has come: whoever went on within the page meanwhile stays there.
  if (isSame && open.length === 0 && document.activeElement !== document.body) return;
  beginAt(title);
}

const title = () => document.querySelector<HTMLElement>("main h1");

/** Counts a dialog as long as it is open. The answer says where the focus goes when it closes. */
export function useDialogFocus(isOpen: boolean): (hasGone?: boolean) => HTMLElement | boolean {
  const before = useRef<Element | null>(null);
  const beneath = useRef(0);
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    const me = {};
    before.current = document.activeElement;
    beneath.current = open.length;
    open.push(me);
    return () => void open.splice(open.indexOf(me), 1);
  }, [isOpen]);
  return (hasGone = false) => {
    const here = document.activeElement;
    // It is elsewhere already, or belongs to another dialog that stands in front.
    if (here && here !== document.body && !here.closest("[role=dialog]")) return false;
    if (open.length > beneath.current) return false;
    const back = before.current;
    const canGoBack =
      back instanceof HTMLElement && back !== document.body && back.isConnected && !back.matches(":disabled");
    if (open.length > 0) {
      if (hasGone) owed = title();
      return canGoBack ? back : true;
    }
    const next = owed;
    owed = null;
    if (next?.isConnected) return next;
    if (canGoBack && !hasGone) return back;
    return title() ?? true;
  };
}
