export function codec() {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const lossy = (bytes) => decoder.decode(Uint8Array.from(bytes));
  let strict;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from([0xff]));
  } catch (error) {
    strict = error.name;
  }
  return {
    round: decoder.decode(encoder.encode("aß€😀")),
    bytes: [...encoder.encode("€")],
    half: [...encoder.encode("\ud83d")],
    lossy: [lossy([0x61, 0xff, 0x62]), lossy([0xe2, 0x82]), lossy([0xf0, 0x9f, 0x98, 0x41]), lossy([0xed, 0xa0, 0x80])],
    mark: lossy([0xef, 0xbb, 0xbf, 0x61]),
    part: new TextDecoder().decode(new Uint8Array([1, 97, 98, 2]).subarray(1, 3)),
    buffer: decoder.decode(encoder.encode("x").buffer),
    strict,
    base64: [btoa("hi"), atob("aGk=")],
  };
}

export function clone() {
  const inner = { a: 1 };
  const copy = structuredClone({ inner, again: inner, list: [1, [2]], when: new Date(5) });
  return [copy.inner === copy.again, copy.inner !== inner, copy.list[1][0], copy.when.getTime()];
}

export function halves() {
  return { "\ud800": "x\udc00" };
}

export function unicode() {
  return "ünïcödé 😀".normalize("NFD").length > 10 && /\p{L}+/u.exec("añb")[0] === "añb" && "İ".toLowerCase().length > 1;
}
