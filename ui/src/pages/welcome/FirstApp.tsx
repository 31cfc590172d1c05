import { useQuery } from "@tanstack/react-query";
import { starterList } from "@/api/starters";
import { Asked } from "@/components/Asked";
import { Button, ButtonLink } from "@/components/Button";
import { Empty } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { Step } from "./Step";
import { words } from "./words";

/** The first app: one that comes with oikos, or one from elsewhere. Its card asks, nothing here does. */
export function FirstApp({ onChoose }: { onChoose(source: string): void }) {
  const said = useWords(words);
  const query = useQuery(starterList());
  return (
    <Step title={said.appTitle}>
      <p className="mb-4 text-muted">{said.appLead}</p>
      <Asked query={query}>
        {(starters) =>
          starters.length === 0 ? (
            <Empty title={said.none}>
              <p>{said.noneHelp}</p>
              <Button look="main" className="mt-3" onClick={() => onChoose("")}>
                {said.install}
              </Button>
            </Empty>
          ) : (
            <>
              <ul className="grid gap-3 sm:grid-cols-2">
                {starters.map((starter) => {
                  const title = shortenText(starter.title, 80);
                  return (
                    <li key={starter.name} className="flex flex-col gap-2 rounded-xl border border-line p-4">
                      <h3 className="font-semibold">
                        <bdi>{title}</bdi>
                      </h3>
                      <p className="text-sm text-muted">
                        <code className="font-mono">{escapeText(starter.name)}</code> {escapeText(starter.version)}
                      </p>
                      <p className="text-sm">
                        <bdi>{shortenText(starter.description ?? "", 240)}</bdi>
                      </p>
                      <div className="mt-auto flex flex-wrap items-center gap-2">
                        {starter.installed ? (
                          <>
                            <ButtonLink href={to.app(starter.name)}>
                              {said.open} <span className="sr-only">{title}</span>
                            </ButtonLink>
                            <Pill tone="good">{said.installed}</Pill>
                          </>
                        ) : (
                          <Button aria-label={said.chooseOf(title)} onClick={() => onChoose(starter.name)}>
                            {said.choose}
                          </Button>
                        )}
                      </div>
                    </li>
                  );
                })}
              </ul>
              <Button look="quiet" className="mt-4" onClick={() => onChoose("")}>
                {said.other}
              </Button>
            </>
          )
        }
      </Asked>
    </Step>
  );
}
