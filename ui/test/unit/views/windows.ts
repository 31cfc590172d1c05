// Windows of paper: they hear messages in order, one after another, and say who sent them and from where.

type Heard = { source: unknown; origin: string; data: unknown };

export class PaperWindow {
  readonly heard: unknown[] = [];
  #listeners = new Set<(event: MessageEvent) => void>();
  constructor(readonly origin: string) {}

  addEventListener(_: string, listener: unknown): void {
    this.#listeners.add(listener as (event: MessageEvent) => void);
  }
  removeEventListener(_: string, listener: unknown): void {
    this.#listeners.delete(listener as (event: MessageEvent) => void);
  }
  get listeners(): number {
    return this.#listeners.size;
  }
  /** Delivers at once, as if the message came from there. */
  deliver(event: Heard): void {
    this.heard.push(event.data);
    for (const listener of this.#listeners) listener(event as unknown as MessageEvent);
  }
}

/** How one window sees another: what it posts there arrives with its own name on it, if the origin is the wanted one. */
export function seenBy(sender: PaperWindow, receiver: PaperWindow, senderFace: () => unknown) {
  return {
    postMessage(data: unknown, target: string) {
      if (target !== "*" && target !== receiver.origin) return;
      const copy = structuredClone(data);
      queueMicrotask(() => receiver.deliver({ source: senderFace(), origin: sender.origin, data: copy }));
    },
  };
}

export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};
