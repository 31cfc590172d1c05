// Writes a brotli sibling beside each text file of dist, at the highest quality: it is made once and sent often.
// Ends with build.json, the list of what was built: the binary is made anew when it changes.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TEXT = /\.(?:html|js|css|json|svg|webmanifest|txt)$/;

/** All files below a folder, sorted, with / between the parts. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}

export function compress(folder) {
  const listed = {};
  for (const name of filesOf(folder).filter((name) => !name.endsWith(".br") && name !== "build.json")) {
    const bytes = readFileSync(join(folder, name));
    listed[name] = createHash("sha256").update(bytes).digest("hex");
    if (TEXT.test(name)) {
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      };
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
    }
  }
  writeFileSync(join(folder, "build.json"), `${JSON.stringify(listed, null, 1)}\n`);
}

if (process.argv[1] === import.meta.filename) compress("dist");
