import { useCallback, useEffect, useRef } from "react";

/** Whether this part is still on the screen. What is answered after somebody went elsewhere leads them nowhere. */
export function useStillHere(): () => boolean {
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return useCallback(() => isHere.current, []);
}
