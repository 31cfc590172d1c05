// Builds each renderer as a view of MCP Apps, dist/<name>.html, and the frame around foreign views, dist/frame.html: files
// that are complete in themselves, with nothing to fetch.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const NAMES = [
  ..."card table markdown key-value status chart map log diff".split(" "),
  ..."weather-cards search-cards".split(" "),
];
// These have a drawing of their own here; the others draw as our page does.
const OWN = new Set(["chart", "map"]);

const here = fileURLToPath(new URL("..", import.meta.url));
const installed = (path) => `${here}node_modules/${path}`;

/** One script without imports, and the styles it brings. */
async function bundle(code, { define = {}, jsx = true } = {}) {
  const { output } = [
    await build({
      configFile: false,
      root: here,
      logLevel: "warn",
      define: { "process.env.NODE_ENV": '"production"', "import.meta.url": '""', ...define },
      plugins: [
        {
          name: "entry",
          resolveId: (id) => (id === "entry.ts" || id.endsWith("/entry.ts") ? "\0entry.ts" : undefined),
          load: (id) => (id === "\0entry.ts" ? code : undefined),
        },
      ],
      resolve: {
        alias: jsx
          ? [
              { find: /^react\/jsx-runtime$/, replacement: installed("preact/jsx-runtime/dist/jsxRuntime.mjs") },
              { find: /^react-dom\/client$/, replacement: installed("preact/compat/client.mjs") },
              { find: /^react(-dom)?$/, replacement: installed("preact/compat/dist/compat.mjs") },
              { find: /^marked$/, replacement: installed("marked/lib/marked.esm.js") },
              { find: /^dompurify$/, replacement: installed("dompurify/dist/purify.es.mjs") },
              { find: /^@cfworker\/json-schema$/, replacement: installed("@cfworker/json-schema/dist/esm/index.js") },
            ]
          : [],
      },
      build: {
        write: false,
        target: "es2023",
        cssCodeSplit: false,
        reportCompressedSize: false,
        rollupOptions: { input: "entry.ts", treeshake: { moduleSideEffects: true }, output: { format: "iife" } },
      },
    }),
  ].flat()[0];
  const text = (kind) =>
    output
      .filter(({ type, fileName }) => (kind === "js" ? type === "chunk" : fileName.endsWith(".css")))
      .map((file) => (kind === "js" ? file.code : String(file.source)))
      .join("\n");
  return { js: text("js"), css: text("css") };
}

// The frame draws no document with one (frame/prelude.ts); a library that brings one must be seen here, not there.
const FRAME_TAG = /<(?:[^\s<>/:]+:)?(?:i?frame|frameset|fencedframe|portal|object|embed)(?![\w-])/i;

// A script in a document ends where it says so, in a string too.
const inScript = (js) => js.replaceAll(/<\/script/gi, "<\\/script").replaceAll("<!--", "<\\!--");

function page({ title, js, css }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${css}</style>
<body><script>${inScript(js)}</script></body>
</html>
`;
}

/** The colors of our page, light and dark. */
async function colors() {
  const css = await readFile(`${here}../ui/src/styles.css`, "utf8");
  const blocks = [...css.matchAll(/^:root(?:\[data-theme="dark"\])? \{[^}]*\}/gm)].map(([block]) => block);
  if (blocks.length !== 2) throw new Error("ui/src/styles.css has no light and dark :root");
  return blocks.join("\n");
}

await rm(`${here}dist`, { recursive: true, force: true });
await mkdir(`${here}dist`);
const write = async (name, html) => {
  if (FRAME_TAG.test(html)) throw new Error(`${name} has a tag of a frame: ${html.match(FRAME_TAG)?.[0]}`);
  await writeFile(`${here}dist/${name}.html`, html);
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1).padStart(8);
  console.log(
    `${name.padEnd(14)}${kilobytes(Buffer.byteLength(html))} KB ${kilobytes(gzipSync(html, { level: 9 }).length)} KB gz`,
  );
};

const prelude = await bundle(`import "${here}frame/prelude-main.ts";`, { jsx: false });
const frame = await bundle(`import "${here}frame/frame-main.ts";`, {
  jsx: false,
  define: { PRELUDE: JSON.stringify(inScript(prelude.js)) },
});
const frameCss = "html,body,iframe{margin:0;border:0;padding:0;display:block;width:100%;height:100%}";
await write("frame", page({ title: "view", js: frame.js, css: frameCss }));

const palette = await colors();
const worker = await bundle(`import "maplibre-gl/dist/maplibre-gl-worker.mjs";`, { jsx: false });
for (const name of NAMES) {
  const module = OWN.has(name) ? `${here}views/${name}.tsx` : `${here}../ui/src/views/${name}.tsx`;
  const { js, css } = await bundle(
    `import { view } from "${module}";\nimport { viewMain } from "${here}views/mount.tsx";\nviewMain("${name}", view);`,
    name === "map" ? { define: { MAP_WORKER: JSON.stringify(worker.js) } } : {},
  );
  await write(name, page({ title: name, js, css: `${palette}\n${css}` }));
}
