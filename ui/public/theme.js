// Before the first paint, so that nobody sees the other theme flash by. A file of its own: the policy allows no inline script.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch (_) {}
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
