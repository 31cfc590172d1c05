import type { ComponentType } from "react";

/** What one renderer is made of. `data` has been checked against `schema` before any of it is called. */
export interface View<Data> {
  schema: object;
  text(data: Data): string;
  Drawing: ComponentType<{ data: Data }>;
}
