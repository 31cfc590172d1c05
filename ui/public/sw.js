// Lets the page open without a connection. What it shows comes from oikos alone: no answer of oikos is ever kept here.
// build/worker.mjs writes the two lines below when the page is built; one build has one cache.
const BUILD = "unbuilt";
const SHELL = [];

const CACHE = `oikos-page-${BUILD}`;
const INDEX = "/";
const OURS = /^oikos-page-/;
// Doors of oikos. An answer from a cache would be a lie.
const DOORS = /^\/(?:api|ws|v1|mcp|livez|readyz|healthz|metrics)(?:\/|$)/;

self.addEventListener("install", (event) => {
  // What has a digest in its name may come from the browser's own cache; the rest is asked for anew.
  const fresh = (path) => new Request(path, path.startsWith("/assets/") ? {} : { cache: "reload" });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL.map(fresh))));
});

// A new worker waits until no page of the old build is open: these still load parts by their old names.
self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => OURS.test(name) && name !== CACHE);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || DOORS.test(url.pathname)) return;
  if (request.mode === "navigate") event.respondWith(networkFirst(request, INDEX));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(cacheFirst(request));
  else if (SHELL.includes(url.pathname)) event.respondWith(networkFirst(request, url.pathname));
});

async function kept(path) {
  const cache = await caches.open(CACHE);
  return cache.match(path, { ignoreVary: true });
}

async function networkFirst(request, path) {
  try {
    return await fetch(request);
  } catch (error) {
    const found = await kept(path);
    if (found) return found;
    throw error;
  }
}

async function cacheFirst(request) {
  return (await kept(new URL(request.url).pathname)) ?? fetch(request);
}
