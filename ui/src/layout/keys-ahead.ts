// What somebody types between the shortcut of the palette and its field. Whoever knows the way types on at once: no
// letter may get lost, and none may press something in the page beneath.

export interface KeysAhead {
  /** What was typed so far, and whether Enter ended it. From here on the keys go where the focus is. */
  take(): { text: string; isEntered: boolean };
}

const isLetter = (event: KeyboardEvent): boolean => {
  const isShortcut = (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  return [...event.key].length === 1 && !isShortcut;
};

/** Takes all keys from here on. Escape ends it without a palette. */
export function catchKeys(onEscape: () => void): KeysAhead {
  let text = "";
  let isEntered = false;
  const onKey = (event: KeyboardEvent) => {
    const { key } = event;
    if (event.isComposing) return;
    if (key === "Escape") onEscape();
    else if (key === "Enter") isEntered = true;
    else if (key === "Backspace") text = isEntered ? text : [...text].slice(0, -1).join("");
    else if (isLetter(event)) text += isEntered ? "" : key;
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener("keydown", onKey, { capture: true });
  return {
    take() {
      removeEventListener("keydown", onKey, { capture: true });
      const taken = { text, isEntered };
      text = "";
      isEntered = false;
      return taken;
    },
  };
}
