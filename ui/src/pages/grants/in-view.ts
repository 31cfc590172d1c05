// What an app may touch is asked for one app at a time, so only for those in view, and few at once.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { reads } from "@/api/operations";

const AT_ONCE = 6;
let running = 0;
const waiting: (() => void)[] = [];

async function few<T>(ask: () => Promise<T>): Promise<T> {
  if (running < AT_ONCE) running += 1;
  else await new Promise<void>((go) => waiting.push(go));
  try {
    return await ask();
  } finally {
    // Whoever waits takes this place, so that nobody else does in between.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

const BEYOND = "240px";

function useIsInView(element: Element | null): boolean {
  const [isInView, setIsInView] = useState(false);
  useEffect(() => {
    if (!element) return undefined;
    const look = new IntersectionObserver((entries) => setIsInView(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: BEYOND,
    });
    look.observe(element);
    return () => look.disconnect();
  }, [element]);
  return isInView;
}

/** An app's switches, asked for as long as `ref` is in view. */
export function useGrantsInView(app: string) {
  const [element, ref] = useState<Element | null>(null);
  const asked = reads.grantList(app);
  const { queryFn } = asked;
  const query = useQuery({
    ...asked,
    enabled: useIsInView(element),
    queryFn: (context) =>
      few(async () => {
        if (typeof queryFn !== "function") throw new TypeError("a read has a function");
        return queryFn(context);
      }),
  });
  return { ref, query };
}
