// How large a message of a view is, found out without writing it down: a structured clone may be anything, round in
// circles too.

const CHARACTERS_MAX = 5 << 20;
const VALUES_MAX = 20_000;
const DEPTH_MAX = 16;

/** Whether it is plain JSON of a bounded size. */
export function isSmall(message: unknown): boolean {
  let level: unknown[] = [message];
  let values = 0;
  let characters = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return false;
    const next: unknown[] = [];
    for (const value of level) {
      values += 1;
      if (typeof value === "string") characters += value.length;
      else if (typeof value === "object" && value !== null) {
        if (!isPlain(value)) return false;
        for (const [name, inner] of Object.entries(value)) {
          characters += name.length;
          next.push(inner);
        }
      }
      if (values + next.length > VALUES_MAX || characters > CHARACTERS_MAX) return false;
    }
    level = next;
  }
  return true;
}

// Clones have this window's prototypes, or in a test those of another.
function isPlain(value: object): boolean {
  const name = Object.prototype.toString.call(value);
  return name === "[object Object]" || name === "[object Array]";
}
