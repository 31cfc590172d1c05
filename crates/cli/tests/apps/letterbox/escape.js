// What a page of an app may not: everything here is tried, and what became of it is told to whoever looks at `found`.
export const escape = `
const { api, sink } = Object.fromEntries(new URLSearchParams(location.search));
const outcomes = {};
const tries = {
  api: () => fetch(api + "/api/v1/apps").then((answer) => answer.status),
  apiBlind: () => fetch(api + "/livez", { mode: "no-cors" }).then((answer) => answer.type),
  frame: () =>
    new Promise((resolve, reject) => {
      const frame = document.createElement("iframe");
      addEventListener("securitypolicyviolation", ({ effectiveDirective: what }) => what === "frame-src" && reject(what));
      frame.onload = () => resolve("loaded");
      frame.src = api + "/";
      document.body.append(frame);
    }),
  worker: () => navigator.serviceWorker.register("/sw.js").then(() => "registered"),
  cookie: () => document.cookie || Promise.reject("none to read"),
  window: () => (open(sink + "/opened") ? "opened" : Promise.reject("no window")),
  beacon: () => (navigator.sendBeacon(sink + "/beacon", "x"), Promise.reject("nobody says")),
  picture: () =>
    new Promise((resolve, reject) => {
      const picture = new Image();
      picture.onload = () => resolve("came");
      picture.onerror = () => reject("did not come");
      picture.src = sink + "/picture.gif";
    }),
  socket: () =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(api.replace("http", "ws") + "/ws");
      socket.onopen = () => resolve("open");
      socket.onerror = () => reject("closed");
    }),
  prefetch: () => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "prefetch", href: sink + "/prefetch" });
    document.head.append(link);
    return Promise.reject("nobody says");
  },
  form: () => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: sink + "/form", target: "_blank" });
    document.body.append(form);
    form.submit();
    return Promise.reject("nobody says");
  },
};
for (const [name, attempt] of Object.entries(tries)) {
  try {
    outcomes[name] = "got out: " + (await attempt());
  } catch (error) {
    outcomes[name] = String(error?.name ?? error);
  }
}
document.querySelector("output").textContent = JSON.stringify(outcomes);
document.querySelector("button").onclick = () => {
  location.href = sink + "/left?letters=all";
};
`;
