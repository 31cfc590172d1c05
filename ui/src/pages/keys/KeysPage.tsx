import { useSearchParams } from "wouter";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { useWords } from "@/i18n";
import { Browsers } from "./Browsers";
import { Keys } from "./Keys";
import { Owners } from "./Owners";
import { Publishers } from "./Publishers";
import { words } from "./words";

const PARTS = { publishers: Publishers, keys: Keys, browsers: Browsers, owners: Owners };
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

export default function KeysPage() {
  const said = useWords(words);
  const [address] = useSearchParams();
  const now = NAMES.find((name) => name === address.get("tab")) ?? "publishers";
  const Shown = PARTS[now];
  return (
    <Page title={said.title}>
      <Tabs
        label={said.parts}
        now={now}
        tabs={NAMES.map((id) => ({ id, label: said.tabs[id], href: `/keys?tab=${id}` }))}
      />
      <Shown />
    </Page>
  );
}
