import { useQuery } from "@tanstack/react-query";
import { starterList, type Starter } from "@/api/starters";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText, shortenText } from "@/text/escape";
import { words } from "./words";

/** Apps that come with oikos and are not installed. */
export function Starters({ needle, onInstall }: { needle: string; onInstall(source: string): void }) {
  const said = useWords(words);
  const query = useQuery(starterList());
  if (query.isError) return <Failed error={query.error} again={() => void query.refetch()} />;
  const shown = (query.data ?? []).filter((starter) => !starter.installed && fitsStarter(starter, needle));
  if (shown.length === 0) return null;
  return (
    <Section title={said.comes} aside={said.comesLead}>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {shown.map((starter) => (
          <li key={starter.name} className="flex flex-col gap-2 rounded-xl border border-line bg-surface p-4">
            <h3 className="font-semibold">
              <bdi>{shortenText(starter.title, 80)}</bdi>
            </h3>
            <p className="text-sm text-muted">
              <code className="font-mono">{escapeText(starter.name)}</code> {escapeText(starter.version)}
            </p>
            <p className="text-sm">
              <bdi>{shortenText(starter.description ?? "", 240)}</bdi>
            </p>
            <Button
              className="mt-auto self-start"
              aria-label={said.installStarterOf(escapeText(starter.title))}
              onClick={() => onInstall(starter.name)}
            >
              {said.installStarter}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const fitsStarter = (starter: Starter, needle: string): boolean =>
  `${starter.name}\n${starter.title}\n${starter.description ?? ""}`.toLowerCase().includes(needle.trim().toLowerCase());
