import type { Theme } from "@/layout/theme";
import type { NoticeState } from "@/live/notify";

interface SettingsWords {
  title: string;
  search: string;
  none(words: string): string;
  parts: Record<
    "appearance" | "language" | "notices" | "device" | "account" | "about",
    { title: string; words: string }
  >;
  theme: string;
  themes: Record<Theme, string>;
  language: string;
  notices: Record<NoticeState, string>;
  noticesLead: string;
  noticesSwitch: string;
  version: string;
  pid: string;
  address: string;
  here: string;
  more: string;
  signOut: string;
  signOutLead: string;
  signOutAsk: string;
  signOutMeans: string;
  signOutOnly: string;
  browsers: string;
  about: string;
  licence: string;
  madeWith: string;
  appSettings: string;
  toApps: string;
}

export const words: { en: SettingsWords; de: SettingsWords } = {
  en: {
    title: "Settings",
    search: "Search in settings",
    none: (words) => `No setting has to do with “${words}”.`,
    parts: {
      appearance: { title: "Appearance", words: "theme dark light colour color contrast night" },
      language: { title: "Language", words: "english german deutsch locale" },
      notices: { title: "Notifications", words: "questions approvals alert bell notify" },
      device: { title: "This device", words: "version process pid address port host computer" },
      account: { title: "This browser", words: "sign out log out login leave browser" },
      about: { title: "About oikos", words: "licence license open source version libraries" },
    },
    theme: "Colours of this page",
    themes: { system: "As the system", light: "Light", dark: "Dark" },
    language: "Language of this page",
    notices: {
      on: "On: this browser tells you when an app asks something while you look elsewhere.",
      off: "Off: open questions wait under Approvals, and their number stands in the title of the window.",
      refused: "This browser was told not to show any for this address. You can change that beside its address bar.",
      unsupported: "This browser cannot show any. Open questions wait under Approvals.",
    },
    noticesLead: "No more than the app's name stands in them.",
    noticesSwitch: "Tell me about questions",
    version: "Version of oikos",
    pid: "Process",
    address: "Address",
    here: "This page comes from oikos, on the computer where it runs, and talks to nobody else. Where an app may send something stands under Grants; where it did, under Activity.",
    more: "Is all well? To the diagnostics",
    signOut: "Sign out this browser",
    signOutLead: "Apps and runs go on. Signed-in browsers lists all of yours.",
    signOutAsk: "Sign out this browser?",
    signOutMeans: "You come back with a new link: oikos login link, on the computer where oikos runs.",
    signOutOnly: "Sign out",
    browsers: "Signed-in browsers",
    about: "oikos runs AI apps that others made, on your own computer: see what they may touch, run them, undo, stop.",
    licence: "oikos is free software under the MIT licence or the Apache licence 2.0, as you like.",
    madeWith: "This page is made with",
    appSettings: "Settings of an app stand on the app's own page.",
    toApps: "To the apps",
  },
  de: {
    title: "Einstellungen",
    search: "In den Einstellungen suchen",
    none: (words) => `Keine Einstellung hat mit „${words}“ zu tun.`,
    parts: {
      appearance: { title: "Aussehen", words: "farbe farben dunkel hell thema nacht kontrast theme" },
      language: { title: "Sprache", words: "deutsch englisch english language" },
      notices: { title: "Benachrichtigungen", words: "fragen freigaben hinweis melden" },
      device: { title: "Dieses Gerät", words: "version prozess pid adresse port rechner computer" },
      account: { title: "Dieser Browser", words: "abmelden ausloggen anmeldung login" },
      about: { title: "Über oikos", words: "lizenz lizenzen open source version bibliotheken" },
    },
    theme: "Farben dieser Seite",
    themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
    language: "Sprache dieser Seite",
    notices: {
      on: "An: dieser Browser sagt dir, wenn eine App etwas fragt, während du anderswo hinsiehst.",
      off: "Aus: offene Fragen warten unter Freigaben, und ihre Zahl steht im Titel des Fensters.",
      refused:
        "Diesem Browser wurde gesagt, für diese Adresse keine zu zeigen. Das lässt sich neben seiner Adresszeile ändern.",
      unsupported: "Dieser Browser kann keine zeigen. Offene Fragen warten unter Freigaben.",
    },
    noticesLead: "Darin steht nicht mehr als der Name der App.",
    noticesSwitch: "Sag mir Bescheid, wenn gefragt wird",
    version: "Version von oikos",
    pid: "Prozess",
    address: "Adresse",
    here: "Diese Seite kommt von oikos, auf dem Rechner, auf dem es läuft, und spricht mit niemandem sonst. Wohin eine App etwas senden darf, steht unter Rechte; wohin sie gesendet hat, unter Aktivität.",
    more: "Ist alles gut? Zur Diagnose",
    signOut: "Diesen Browser abmelden",
    signOutLead: "Apps und Läufe laufen weiter. Unter Angemeldete Browser stehen alle, die du hast.",
    signOutAsk: "Diesen Browser abmelden?",
    signOutMeans: "Zurück kommst du mit einem neuen Link: oikos login link, auf dem Rechner, auf dem oikos läuft.",
    signOutOnly: "Abmelden",
    browsers: "Angemeldete Browser",
    about:
      "oikos lässt auf deinem eigenen Rechner KI-Apps laufen, die andere gemacht haben: sieh, was sie anfassen dürfen, starte sie, nimm zurück, stopp.",
    licence: "oikos ist freie Software unter der MIT-Lizenz oder der Apache-Lizenz 2.0, wie du magst.",
    madeWith: "Diese Seite ist gemacht mit",
    appSettings: "Die Einstellungen einer App stehen auf der Seite der App.",
    toApps: "Zu den Apps",
  },
};
