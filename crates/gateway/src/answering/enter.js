// Lets this browser in where an app answers: hands in what stands behind the `#`, once, and goes on to the app. Not before
// the browser has shown that it keeps a page to its own origin: what an app answers could lead away with what it knows.

const WORDS = {
  en: {
    enters: "Opening the app …",
    open: "This browser does not keep an app's page to itself: it could carry your data away. Use a recent Chrome, Edge or Chromium.",
    refused: "This address does not let you in any more: it holds for a minute, and once. Open the app from oikos again.",
    crowded: "Too much was tried here that did not fit. Wait a moment, and open the app from oikos again.",
    failed: "oikos could not let this browser in just now. What is wrong: oikos doctor",
    unreached: "oikos cannot be reached.",
  },
  de: {
    enters: "Die App wird geöffnet …",
    open: "Dieser Browser hält die Seite einer App nicht bei sich: Sie könnte deine Daten forttragen. Nimm ein neues Chrome, Edge oder Chromium.",
    refused: "Diese Adresse lässt dich nicht mehr ein: Sie gilt eine Minute und einmal. Öffne die App in oikos noch einmal.",
    crowded: "Hier wurde zu viel probiert, das nicht passte. Warte einen Augenblick und öffne die App in oikos noch einmal.",
    failed: "oikos konnte diesen Browser gerade nicht einlassen. Was nicht stimmt: oikos doctor",
    unreached: "oikos ist nicht erreichbar.",
  },
};
// A name that leads here as well, and is no app's.
const ELSEWHERE = `${location.protocol}//app-${"0".repeat(32)}.localhost:${location.port}`;

const language = navigator.language.startsWith("de") ? "de" : "en";
const words = WORDS[language];
const told = document.getElementById("told");
document.documentElement.lang = language;
told.textContent = words.enters;

const token = location.hash.slice(1);
// It is nobody's business any more, and no history's.
history.replaceState(null, "", location.pathname);

/** Whether a picture comes from an origin. */
const comes = (origin) =>
  new Promise((resolve) => {
    const picture = new Image();
    picture.onload = () => resolve(true);
    picture.onerror = () => resolve(false);
    picture.src = `${origin}/.oikos/probe.gif`;
  });

async function enter() {
  // From here it has to come, or that it does not come from elsewhere would say nothing.
  if (!(await comes(location.origin))) return words.unreached;
  if (await comes(ELSEWHERE)) return words.open;
  try {
    const answer = await fetch("/.oikos/enter", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (!answer.ok) return { 401: words.refused, 429: words.crowded }[answer.status] ?? words.failed;
    location.replace((await answer.json()).path);
    return words.enters;
  } catch {
    return words.unreached;
  }
}

told.textContent = await enter();
