// Packages that a test gets from where their authors published them.
import type { TestContext } from "vitest";

/** Without a network a person goes on without them; CI has one, and does not. */
export function leftOut(context: TestContext): void {
  if (process.env["CI"]) throw new Error("the package could not be fetched");
  context.skip("the package could not be fetched");
}
