import { chunk } from "lodash";

export async function go() {
  return chunk([1, 2, 3], 2);
}
