import type { Deed } from "./action";

const sendEvent: Deed = () => [
  {
    id: "send-event",
    icon: "clock",
    label: { en: "Send an event", de: "Ein Ereignis senden" },
    keywords: { en: "emit topic trigger", de: "thema auslösen" },
    perform: ({ go }) => go("/schedules"),
  },
];

export default sendEvent;
