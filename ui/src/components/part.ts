// A part of the page that has a file of its own.
import { lazy, type LazyExoticComponent, type ReactNode } from "react";

interface Module<Props> {
  default(props: Props): ReactNode;
}

export type Part<Props, More = unknown> = LazyExoticComponent<(props: Props) => ReactNode> & {
  /** Loads it ahead of being drawn. */
  load(): Promise<Module<Props> & More>;
};

/** Comes when it is first drawn, or when it is loaded ahead: then it is drawn at once. */
export function part<Props, More = unknown>(load: () => Promise<Module<Props> & More>): Part<Props, More> {
  let here: (Module<Props> & More) | undefined;
  const come = async () => (here = await load());
  // A promise is answered later even where it is kept already, and what React has waited for once it shows no sooner
  // than 300 ms after what was there before. This answers at once.
  // oxlint-disable-next-line unicorn/no-thenable -- nobody but React meets it, which asks whether it was answered
  const now = (module: Module<Props>) => ({ then: (done: (module: Module<Props>) => void) => done(module) });
  return Object.assign(
    lazy(() => (here ? (now(here) as unknown as Promise<Module<Props>>) : come())),
    { load: come },
  );
}
