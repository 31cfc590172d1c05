import { useEffect, useState, useSyncExternalStore, type ComponentType, type ReactNode } from "react";

export interface DialogProps {
  open: boolean;
  title: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
  /** Buttons. They stay in view however long the content is. */
  footer?: ReactNode;
  wide?: boolean;
  /** Only what stands in it closes it: no Escape, no click beside it. */
  closable?: boolean;
  onClose(): void;
}

let Frame: ComponentType<DialogProps> | null = null;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Gets what dialogs are made of. No screen needs it to begin, and every screen soon after. */
export async function loadDialogs(): Promise<void> {
  Frame = (await import("./DialogFrame")).DialogFrame;
  for (const listener of listeners) listener();
}

/** A question or a form above the page; on a phone a sheet from below. It begins at its title, never at a yes. */
export function Dialog(props: DialogProps) {
  const isKnown = useSyncExternalStore(subscribe, () => Frame !== null);
  const [failure, setFailure] = useState<unknown>(null);
  const isMissed = props.open && !isKnown;
  useEffect(() => {
    if (isMissed) loadDialogs().catch(setFailure);
  }, [isMissed]);
  // The page says so where the dialog's owner stands.
  if (isMissed && failure !== null) throw failure;
  return isKnown && Frame && <Frame {...props} />;
}
