/** Which build of the page this is: the name of its first script has a digest of it. */
export function pageVersion(): string | null {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  return /\/assets\/[^/]*-([\w-]{8})\.js$/.exec(script?.src ?? "")?.[1] ?? null;
}
