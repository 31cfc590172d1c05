import { useSyncExternalStore } from "react";

const WIDE = "(min-width: 48rem)";
const subscribe = (listener: () => void) => {
  const media = matchMedia(WIDE);
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
};

/** Whether a table fits. */
export const useIsWide = (): boolean => useSyncExternalStore(subscribe, () => matchMedia(WIDE).matches);
