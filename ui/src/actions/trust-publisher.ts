import type { Deed } from "./action";

const trustPublisher: Deed = () => [
  {
    id: "trust-publisher",
    icon: "key",
    label: { en: "Trust a publisher", de: "Einem Herausgeber vertrauen" },
    keywords: { en: "fingerprint key signature", de: "fingerabdruck schlüssel signatur" },
    perform: ({ go }) => go("/keys?tab=publishers"),
  },
];

export default trustPublisher;
