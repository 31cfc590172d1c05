// Who this browser is. The cookie is out of reach of every script; beside it the page holds a secret of its own, and
// each alone lets nobody in.
const SECRET = "oikos-page";
const LOGIN = "oikos-login";
const LINK = /^#(oikos[a-z]*_[A-Za-z0-9_-]+)$/;

const listeners = new Set<() => void>();

export const session = {
  /** The secret of this page, if this browser is signed in. */
  secret: (): string | null => localStorage.getItem(SECRET),
  /** Which of the logins is this browser's own. */
  login: (): string | null => localStorage.getItem(LOGIN),
  begin(secret: string, login: string): void {
    localStorage.setItem(SECRET, secret);
    localStorage.setItem(LOGIN, login);
    tell();
  },
  end(): void {
    localStorage.removeItem(SECRET);
    localStorage.removeItem(LOGIN);
    tell();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function tell(): void {
  for (const listener of listeners) listener();
}

// Another window signed in or out.
globalThis.addEventListener?.("storage", (event) => {
  if (event.key === SECRET || event.key === null) tell();
});

/** What stands behind the # of a link that signs in. It is taken out of the address at once, also out of the history. */
export function takeLink(): string | null {
  const link = LINK.exec(location.hash)?.[1] ?? null;
  if (link) history.replaceState(null, "", location.pathname + location.search);
  return link;
}
