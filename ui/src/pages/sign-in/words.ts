interface SignInWords {
  title: string;
  lead: string;
  busy: string;
  how: string;
  start: string;
  startThen: string;
  another: string;
  anotherThen: string;
  link: string;
  linkHelp: string;
  enter: string;
  noLink: string;
  failed: string;
  used: string;
  broken: string;
  wait(time: string): string;
  waited: string;
  still: string;
  stay: string;
}

export const words: { en: SignInWords; de: SignInWords } = {
  en: {
    title: "Sign in to oikos",
    lead: "There is no password. Whoever sits at the computer on which oikos runs can sign a browser in with a link.",
    busy: "Signing this browser in …",
    how: "How to get a link",
    start: "oikos up --open",
    startThen: "starts oikos on this computer and opens this page, signed in.",
    another: "oikos login link",
    anotherThen:
      "prints a link where oikos runs already. Open it here within a minute; it works once. A browser that is signed in can make one, too: Publishers and keys, then Signed-in browsers.",
    link: "Link or code",
    linkHelp: "All of the link, or only what stands behind its #.",
    enter: "Sign in",
    noLink: "There is no link in this. It begins with http, and its code behind the # with oikoslink_.",
    failed: "This link did not sign you in",
    used: "It was used already, or it is older than a minute. Make another one:",
    broken: "Something of it was lost on the way: it was not copied whole. Copy it once more, all of it.",
    wait: (time) => `Too many wrong ones came from here. Try again in ${time}.`,
    waited: "Too many wrong ones came from here. You can try again now.",
    still: "You are signed in as before.",
    stay: "Go on as before",
  },
  de: {
    title: "Bei oikos anmelden",
    lead: "Es gibt kein Passwort. Wer an dem Rechner sitzt, auf dem oikos läuft, kann einen Browser mit einem Link anmelden.",
    busy: "Dieser Browser wird angemeldet …",
    how: "So kommst du an einen Link",
    start: "oikos up --open",
    startThen: "startet oikos auf diesem Rechner und öffnet diese Seite, schon angemeldet.",
    another: "oikos login link",
    anotherThen:
      "gibt einen Link aus, wo oikos schon läuft. Öffne ihn hier innerhalb einer Minute; er gilt einmal. Auch ein angemeldeter Browser kann einen machen: Herausgeber und Schlüssel, dann Angemeldete Browser.",
    link: "Link oder Code",
    linkHelp: "Der ganze Link, oder nur das, was hinter seinem # steht.",
    enter: "Anmelden",
    noLink: "Darin ist kein Link. Er beginnt mit http und sein Code hinter dem # mit oikoslink_.",
    failed: "Dieser Link hat dich nicht angemeldet",
    used: "Er wurde schon benutzt oder ist älter als eine Minute. Hol dir einen neuen:",
    broken: "Unterwegs ging etwas verloren: er wurde nicht ganz kopiert. Kopiere ihn noch einmal, und zwar alles.",
    wait: (time) => `Von hier kamen zu viele falsche. Versuch es in ${time} noch einmal.`,
    waited: "Von hier kamen zu viele falsche. Du kannst es jetzt noch einmal versuchen.",
    still: "Du bist weiter angemeldet wie vorher.",
    stay: "Weiter wie bisher",
  },
};
