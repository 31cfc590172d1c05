interface SchedulesWords {
  title: string;
  lead: string;
  clock: string;
  none: string;
  noneHow: string;
  toApps: string;
  calls(action: string): string;
  pattern: string;
  zone: string;
  next: string;
  noNext: string;
  last: string;
  never: string;
  meantFor: string;
  done: string;
  running: string;
  failed: string;
  cutOff: string;
  toRun: string;
  missed: string;
  event: string;
  eventLead: string;
  topic: string;
  topicHelp: string;
  topicWrong: string;
  payload: string;
  payloadHelp: string;
  payloadWrong: string;
  send: string;
  sent(topic: string): string;
  heardBy(topic: string, runs: number): string;
  nobody(topic: string): string;
  nobodyAnswered(topic: string, runs: number): string;
  nobodyHow: string;
  pending: string;
  answers(app: string): string;
  topics: string;
  topicsLead: string;
  who: readonly { topics: string; sender: string }[];
}

const apps = (runs: number) => (runs === 1 ? "1 app" : `${runs} apps`);

export const words: { en: SchedulesWords; de: SchedulesWords } = {
  en: {
    title: "Schedules and events",
    lead: "What starts apps without you: the clock, and things that happen. It does so while oikos is up.",
    clock: "By the clock",
    none: "No app asks to be started by the clock",
    noneHow: "An app that wants to says so on its card before you install it.",
    toApps: "To the apps",
    calls: (action) => `calls ${action}`,
    pattern: "Schedule",
    zone: "Time zone",
    next: "Next times",
    noNext: "none, as long as it does not run",
    last: "Last time",
    never: "never yet",
    meantFor: "meant for",
    done: "done",
    running: "under way",
    failed: "failed",
    cutOff: "cut off",
    toRun: "To the run",
    missed: "After a time without oikos, one run makes up for everything that was missed.",
    event: "Send an event",
    eventLead: "Tells the apps that listen for this topic, as you. Each that hears it does so in a run of its own.",
    topic: "Topic",
    topicHelp: "Up to eight lower-case words joined by dots, such as home.door.front",
    topicWrong: "That is no topic: small letters, digits, - and _ in up to eight words joined by dots.",
    payload: "What it says (JSON, may be empty)",
    payloadHelp: 'For example {"who": "the postman"}. At most 64 KiB.',
    payloadWrong: "That is no JSON:",
    send: "Send event",
    sent: (topic) => `What came of ${topic}`,
    heardBy: (topic, runs) => `${topic} was heard by ${apps(runs)}.`,
    nobody: (topic) => `Nobody heard ${topic}.`,
    nobodyAnswered: (topic, runs) =>
      runs === 0 ? `Nobody answered ${topic}.` : `Nobody answered ${topic}; ${apps(runs)} looked at it.`,
    nobodyHow: "An app hears what its card says and its switches allow.",
    pending: "It is still being heard: the runs say how that ends.",
    answers: (app) => `${app} answers:`,
    topics: "What are topics?",
    topicsLead: "A topic says what an event is about. Who may send it is fixed, so nobody can pretend:",
    who: [
      { topics: "system.tick, system.…", sender: "oikos alone; system.tick comes each minute" },
      { topics: "user.message, user.…", sender: "you alone; an app may answer user.message and user.image" },
      { topics: "app.NAME.…", sender: "the app of that name alone" },
      { topics: "home.door.front and all others", sender: "you, and each app that you let" },
    ],
  },
  de: {
    title: "Zeitpläne und Ereignisse",
    lead: "Was Apps ohne dich startet: die Uhr, und was geschieht. Das gilt, solange oikos läuft.",
    clock: "Nach der Uhr",
    none: "Keine App will von der Uhr gestartet werden",
    noneHow: "Eine App, die das will, sagt es auf ihrer Karte, bevor du sie installierst.",
    toApps: "Zu den Apps",
    calls: (action) => `ruft ${action} auf`,
    pattern: "Zeitplan",
    zone: "Zeitzone",
    next: "Nächste Male",
    noNext: "keine, solange er nicht läuft",
    last: "Letztes Mal",
    never: "noch nie",
    meantFor: "gedacht für",
    done: "fertig",
    running: "im Gange",
    failed: "gescheitert",
    cutOff: "abgebrochen",
    toRun: "Zum Lauf",
    missed: "Nach einer Zeit ohne oikos holt ein einziger Lauf alles Verpasste nach.",
    event: "Ein Ereignis senden",
    eventLead: "Sagt es als du den Apps, die auf dieses Thema hören. Jede, die es hört, tut das in einem eigenen Lauf.",
    topic: "Thema",
    topicHelp: "Bis zu acht klein geschriebene Wörter mit Punkten dazwischen, etwa home.door.front",
    topicWrong:
      "Das ist kein Thema: kleine Buchstaben, Ziffern, - und _ in bis zu acht Wörtern mit Punkten dazwischen.",
    payload: "Was es sagt (JSON, darf leer sein)",
    payloadHelp: 'Zum Beispiel {"who": "der Briefträger"}. Höchstens 64 KiB.',
    payloadWrong: "Das ist kein JSON:",
    send: "Ereignis senden",
    sent: (topic) => `Was aus ${topic} wurde`,
    heardBy: (topic, runs) => `${topic} wurde von ${apps(runs)} gehört.`,
    nobody: (topic) => `Niemand hat ${topic} gehört.`,
    nobodyAnswered: (topic, runs) =>
      runs === 0
        ? `Niemand hat auf ${topic} geantwortet.`
        : `Niemand hat auf ${topic} geantwortet; ${apps(runs)} ${runs === 1 ? "hat" : "haben"} es angesehen.`,
    nobodyHow: "Eine App hört, was auf ihrer Karte steht und ihre Schalter erlauben.",
    pending: "Es wird noch gehört: die Läufe zeigen, wie das ausgeht.",
    answers: (app) => `${app} antwortet:`,
    topics: "Was sind Themen?",
    topicsLead:
      "Ein Thema sagt, worum es bei einem Ereignis geht. Wer es senden darf, steht fest, niemand kann sich also ausgeben:",
    who: [
      { topics: "system.tick, system.…", sender: "nur oikos; system.tick kommt jede Minute" },
      { topics: "user.message, user.…", sender: "nur du; auf user.message und user.image darf eine App antworten" },
      { topics: "app.NAME.…", sender: "nur die App dieses Namens" },
      { topics: "home.door.front und alle anderen", sender: "du, und jede App, der du es erlaubst" },
    ],
  },
};
