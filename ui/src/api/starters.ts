// Apps that come with oikos. Asked for by hand until the generated description knows the operation.
import { queryOptions } from "@tanstack/react-query";
import { headers, problemFrom } from "./client";

export interface Starter {
  name: string;
  title: string;
  description: string;
  version: string;
  installed: boolean;
}

/** The apps, or nothing where this oikos comes with none. */
async function ask(): Promise<Starter[]> {
  const response = await fetch("/api/v1/starters", { headers: headers({ accept: "application/json" }) });
  if (response.status === 404) return [];
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(body, response.status);
  return (body as { starters: Starter[] }).starters;
}

export const starterList = () => queryOptions({ queryKey: ["starters"], queryFn: ask });

/** Such an app as a source to install from. */
export const starterSource = (name: string): string => `starter:${name}`;
