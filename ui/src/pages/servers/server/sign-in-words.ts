interface SignInWords {
  title: string;
  needed: string;
  neededHelp: string;
  none: string;
  since: string;
  start: string;
  asking: string;
  waiting: string;
  waitingHelp: string;
  open(host: string): string;
  done: string;
  forget: string;
  forgetHelp: string;
  forgotten: string;
}

export const words: { en: SignInWords; de: SignInWords } = {
  en: {
    title: "Sign-in",
    needed: "This server wants you to sign in",
    neededHelp:
      "It opens the page of whoever keeps the server's accounts. What that gives oikos goes to the vault and is sent to this server only.",
    none: "Nobody has signed in to it. Many servers need no sign-in.",
    since: "Signed in",
    start: "Sign in",
    asking: "Asking the server where to sign in",
    waiting: "Waiting for you to sign in",
    waitingHelp: "The page opens in another tab. When you have signed in there, this page goes on by itself.",
    open: (host) => `Sign in at ${host}`,
    done: "The server lets oikos in",
    forget: "Sign out",
    forgetHelp: "oikos forgets what the server let it in with. Your account there stays as it is.",
    forgotten: "Signed out",
  },
  de: {
    title: "Anmeldung",
    needed: "Dieser Server möchte, dass du dich anmeldest",
    neededHelp:
      "Es öffnet sich die Seite, auf der die Konten des Servers liegen. Was oikos dort bekommt, kommt in den Tresor und geht nur an diesen Server.",
    none: "Niemand hat sich bei ihm angemeldet. Viele Server verlangen keine Anmeldung.",
    since: "Angemeldet",
    start: "Anmelden",
    asking: "Der Server wird gefragt, wo man sich anmeldet",
    waiting: "Wartet, bis du dich angemeldet hast",
    waitingHelp:
      "Die Seite öffnet sich in einem anderen Tab. Hast du dich dort angemeldet, geht es hier von allein weiter.",
    open: (host) => `Bei ${host} anmelden`,
    done: "Der Server lässt oikos hinein",
    forget: "Abmelden",
    forgetHelp: "oikos vergisst, womit der Server es hineinließ. Dein Konto dort bleibt, wie es ist.",
    forgotten: "Abgemeldet",
  },
};
