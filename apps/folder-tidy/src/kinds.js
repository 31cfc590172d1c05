// @ts-check
// What a file is, by the end of its name. It is never opened.

const KINDS = {
  Archives: ["7z", "bz2", "dmg", "gz", "iso", "rar", "tar", "tgz", "xz", "zip", "zst"],
  Audio: ["aac", "aiff", "flac", "m4a", "mid", "mp3", "ogg", "opus", "wav", "wma"],
  Books: ["azw3", "epub", "mobi"],
  Documents: ["doc", "docx", "md", "odt", "pages", "pdf", "rtf", "tex", "txt"],
  Pictures: ["avif", "bmp", "gif", "heic", "jpeg", "jpg", "png", "psd", "raw", "svg", "tif", "tiff", "webp"],
  Presentations: ["key", "odp", "ppt", "pptx"],
  Tables: ["csv", "numbers", "ods", "parquet", "tsv", "xls", "xlsx"],
  Videos: ["avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "webm", "wmv"],
};

// A Map, because the name of a file is a stranger's: "x.constructor" is no kind.
const KIND_OF = new Map(Object.entries(KINDS).flatMap(([kind, endings]) => endings.map((ending) => [ending, kind])));

// What a program is still writing, or will look for where it left it.
const UNFINISHED = /\.(crdownload|download|opdownload|part|partial|tmp|temp|lock)$/i;

/**
 * The kind of a file, or why it stays where it is.
 *
 * @param {string} name
 * @returns {{ kind: string } | { stays: string }}
 */
export function kindOf(name) {
  const kind = KIND_OF.get(/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "");
  return kind === undefined ? { stays: "of no kind that is known" } : { kind };
}

/**
 * Why a file is left alone whatever it is.
 *
 * @param {string} name
 */
export function isLeftAlone(name) {
  if (name.startsWith(".") || name.startsWith("~")) return "hidden or temporary";
  if (UNFINISHED.test(name)) return "not finished";
  return undefined;
}
