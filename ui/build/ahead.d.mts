interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}
type Manifest = Record<string, Chunk>;

/** What the addresses of a route look like, as a regular expression. */
export function pattern(path: string): string;
/** The addresses of the page's routes, each with its module. */
export function screens(routes: string): [path: string, module: string][];
/** All files that a module of the build needs before it runs, but for what the shell brings along. */
export function parts(manifest: Manifest, module: string): string[];
/** begin.js with the parts of each screen in it. */
export function filled(begin: string, routes: string, manifest: Manifest): string;
