interface ApprovalsWords {
  title: string;
  lead: string;
  open: string;
  none: string;
  noneWhy: string;
  recent: string;
  recentNone: string;
  to: string;
  notify: string;
  unsupported: string;
  refused: string;
}

export const words: { en: ApprovalsWords; de: ApprovalsWords } = {
  en: {
    title: "Approvals",
    lead: "Apps wait here for your answer. No answer is a no.",
    open: "Open questions",
    none: "No app is waiting for an answer",
    noneWhy: "A question stands here as soon as an app wants something that is set to Ask. What asks is up to you:",
    recent: "Answered lately",
    recentNone: "Nothing was asked lately.",
    to: "Grants",
    notify: "Tell me on this device when an app asks",
    unsupported: "This browser shows no notifications. The title of the window counts open questions.",
    refused: "Notifications of this page are blocked in your browser’s settings; allow them there first.",
  },
  de: {
    title: "Freigaben",
    lead: "Hier warten Apps auf deine Antwort. Keine Antwort ist ein Nein.",
    open: "Offene Fragen",
    none: "Keine App wartet auf eine Antwort",
    noneWhy: "Hier steht eine Frage, sobald eine App etwas will, das auf Fragen steht. Was fragt, bestimmst du:",
    recent: "Kürzlich beantwortet",
    recentNone: "Es wurde kürzlich nichts gefragt.",
    to: "Rechte",
    notify: "Auf diesem Gerät melden, wenn eine App fragt",
    unsupported: "Dieser Browser zeigt keine Mitteilungen. Der Titel des Fensters zählt die offenen Fragen.",
    refused: "Mitteilungen dieser Seite sind in deinem Browser gesperrt; erlaube sie zuerst dort.",
  },
};
