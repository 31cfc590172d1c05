import type { Schemas } from "@/api/client";
import { ButtonLink, TextLink } from "@/components/Button";
import { Panel, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { words } from "./words";

/** What stands in place of the actions where the app is a page. */
export function Opens({ app, canOpen }: { app: Schemas["AppDetail"]; canOpen: boolean }) {
  const said = useWords(words);
  return (
    <Section title={said.page} aside={<TextLink href={to.activity({ app: app.name })}>{said.allActivity}</TextLink>}>
      <Panel className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-48 grow basis-0 text-sm text-muted">{canOpen ? said.pageHelp : said.cannotRun}</p>
        {canOpen && (
          <ButtonLink look="main" href={to.open(app.name)} label={said.openOf(shortenText(app.title, 80))}>
            {said.open}
          </ButtonLink>
        )}
      </Panel>
    </Section>
  );
}
