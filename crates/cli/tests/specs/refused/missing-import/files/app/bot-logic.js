import { help } from "./helper.js";

export async function go() {
  return help();
}
