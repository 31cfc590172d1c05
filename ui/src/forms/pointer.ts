/** JSON Pointers (RFC 6901): how places in a value are named between the form, its hints and the server. */

export const child = (pointer: string, key: string | number): string =>
  `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

export const segments = (pointer: string): string[] =>
  pointer === ""
    ? []
    : pointer
        .split("/")
        .slice(1)
        .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));

/** Usable as an element's id whatever the keys are: ids in `aria-describedby` are separated by spaces. */
export const elementId = (form: string, pointer: string): string =>
  form + pointer.replace(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
