// Pictures and sounds that a server sends along, read before a browser gets them: what they say they are, and how large they
// become once they are unpacked. What is not known well is not handed on.

export type PictureType = "image/png" | "image/jpeg" | "image/gif" | "image/webp";

export interface Picture {
  type: PictureType;
  width: number;
  height: number;
  /** An address that holds all of it. */
  source: string;
}

/** As base64; a result has no more. */
const CHARACTERS_MAX = 4 << 20;
/** Unpacked, four bytes each: more than any camera of today makes. */
const PIXELS_MAX = 64_000_000;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const ALIASES: Readonly<Record<string, string>> = { "image/jpg": "image/jpeg", "audio/x-wav": "audio/wav" };

const named = (type: string | undefined): string => {
  const plain = (type ?? "").toLowerCase();
  return Object.hasOwn(ALIASES, plain) ? (ALIASES[plain] ?? plain) : plain;
};

export function bytesOf(base64: string): Uint8Array | undefined {
  const text = base64.replaceAll(/\s/g, "");
  if (text === "" || text.length > CHARACTERS_MAX || text.length % 4 === 1 || !BASE64.test(text)) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A picture, if it is of a known kind, is what it says it is, and has not more than a screen could ever show. */
export function pictureOf(type: string | undefined, base64: string): Picture | undefined {
  const bytes = bytesOf(base64);
  if (bytes === undefined) return undefined;
  const found = sizeOf(bytes);
  if (found === undefined || found.type !== named(type)) return undefined;
  const { width, height } = found;
  if (width < 1 || height < 1 || width * height > PIXELS_MAX) return undefined;
  return { ...found, source: `data:${found.type};base64,${base64.replaceAll(/\s/g, "")}` };
}

type Size = Omit<Picture, "source">;

function sizeOf(bytes: Uint8Array): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return pngSize(view) ?? gifSize(view) ?? webpSize(view) ?? jpegSize(view);
  } catch {
    // It ends before its size is said.
    return undefined;
  }
}

const word = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)));

function pngSize(view: DataView): Size | undefined {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a || word(view, 12) !== "IHDR")
    return undefined;
  return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
}

function gifSize(view: DataView): Size | undefined {
  if (word(view, 0) !== "GIF8") return undefined;
  return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function webpSize(view: DataView): Size | undefined {
  if (word(view, 0) !== "RIFF" || word(view, 8) !== "WEBP") return undefined;
  const type = "image/webp";
  switch (word(view, 12)) {
    case "VP8 ":
      return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { type, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8X": {
      const side = (at: number) => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1;
      return { type, width: side(24), height: side(27) };
    }
    default:
      return undefined;
  }
}

function jpegSize(view: DataView): Size | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // The frame's head; of the numbers between, three say something else.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { type: "image/jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    if (marker === 0xda || marker === 0xd9) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
}

export interface Sound {
  samplesPerSecond: number;
  /** Each from -1 to 1. */
  channels: Float32Array<ArrayBuffer>[];
}

const CHANNELS_MAX = 2;
const WHOLE_NUMBERS = 1;
const FRACTIONS = 3;

/**
 * A sound that is not packed, so that it is as large as it looks. Packed ones can become a thousand times larger, and the page
 * may play no sound from an address.
 */
export function soundOf(type: string | undefined, base64: string): Sound | undefined {
  const bytes = named(type) === "audio/wav" ? bytesOf(base64) : undefined;
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return wavOf(view);
  } catch {
    return undefined;
  }
}

function wavOf(view: DataView): Sound | undefined {
  if (word(view, 0) !== "RIFF" || word(view, 8) !== "WAVE") return undefined;
  let format = 0;
  let channels = 0;
  let samplesPerSecond = 0;
  let bits = 0;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = word(view, at);
    const length = view.getUint32(at + 4, true);
    if (name === "fmt ") {
      format = view.getUint16(at + 8, true);
      channels = view.getUint16(at + 10, true);
      samplesPerSecond = view.getUint32(at + 12, true);
      bits = view.getUint16(at + 22, true);
    }
    if (name === "data") {
      const read = reader(format, bits);
      const isHeard =
        channels >= 1 && channels <= CHANNELS_MAX && samplesPerSecond >= 8_000 && samplesPerSecond <= 96_000;
      if (!read || !isHeard) return undefined;
      // What ends early is heard as far as it goes.
      const held = Math.min(length, view.byteLength - at - 8);
      const step = bits / 8;
      const samples = Math.floor(held / (step * channels));
      if (samples === 0) return undefined;
      const sound = Array.from({ length: channels }, () => new Float32Array(samples));
      for (let sample = 0; sample < samples; sample += 1) {
        for (const [channel, heard] of sound.entries())
          heard[sample] = read(view, at + 8 + (sample * channels + channel) * step);
      }
      return { samplesPerSecond, channels: sound };
    }
    at += 8 + length + (length % 2);
  }
  return undefined;
}

type Read = (view: DataView, at: number) => number;

function reader(format: number, bits: number): Read | undefined {
  if (format === FRACTIONS && bits === 32) {
    return (view, at) => Math.max(-1, Math.min(1, view.getFloat32(at, true) || 0));
  }
  if (format !== WHOLE_NUMBERS) return undefined;
  switch (bits) {
    case 8:
      return (view, at) => (view.getUint8(at) - 128) / 128;
    case 16:
      return (view, at) => view.getInt16(at, true) / 0x8000;
    case 24:
      return (view, at) => (view.getUint16(at, true) / 0x10000 + view.getInt8(at + 2)) / 0x80;
    case 32:
      return (view, at) => view.getInt32(at, true) / 0x80000000;
    default:
      return undefined;
  }
}
