// Before the first paint. A file of its own: the policy allows no inline script.
(function () {
  // So that nobody sees the other theme flash by.
  var chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch (_) {}
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";

  // Browsers read how times and numbers are written when they first write one, and take as long for it as for all else of
  // a screen. While the scripts are on their way there is nothing else to do.
  setTimeout(function () {
    new Intl.RelativeTimeFormat().format(0, "day");
    new Intl.NumberFormat().format(0);
  });

  // What the asked screen is made of comes together with the shell, which would otherwise be read first to know it.
  // build/ahead.mjs writes the line below when the page is built: addresses, and the parts of each.
  var SCREENS = [];
  var screen = SCREENS.find(function (known) {
    return new RegExp(known[0]).test(location.pathname);
  });
  (screen ? screen[1] : []).forEach(function (part) {
    var link = document.createElement("link");
    link.rel = part.endsWith(".css") ? "stylesheet" : "modulepreload";
    link.href = part;
    document.head.append(link);
  });
})();
