/** Numbers as people write them. One that cannot be kept digit for digit is refused, never rounded. */

export type ReadNumber = { value: number } | { problem: "notNumber" | "notKept" };

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

export const readNumber = (text: string): ReadNumber => {
  const trimmed = text.trim();
  const exact = parts(trimmed);
  if (exact === undefined) return { problem: "notNumber" };
  const value = Number(trimmed);
  return exact === parts(String(value)) ? { value } : { problem: "notKept" };
};

/** The first number in a JSON text that JavaScript would change silently. */
export const firstLostNumber = (json: string): string | undefined => {
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs)) {
    if (!token.startsWith('"') && "problem" in readNumber(token)) return token;
  }
  return undefined;
};

/** Sign, significant digits and their power of ten: the same for `1.50`, `15e-1` and `+01.5`. */
const parts = (text: string): string | undefined => {
  const match = NUMBER.exec(text);
  const [, sign, whole = "", fraction = "", exponent = "0"] = match ?? [];
  if (match === null || whole + fraction === "") return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
};
