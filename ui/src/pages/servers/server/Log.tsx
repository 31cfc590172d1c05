import { useQuery } from "@tanstack/react-query";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Icon } from "@/components/Icon";
import { Empty, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { each } from "@/views/each";
import { words } from "./words";

/** The last that the server's program wrote on its standard error. */
export function Log({ app }: { app: string }) {
  const said = useWords(words);
  const query = useQuery({ ...reads.serverLog(app), staleTime: 0 });
  const lines = query.data?.lines ?? [];
  return (
    <Section
      title={said.log}
      aside={
        <span className="flex flex-wrap gap-2">
          {lines.length > 0 && <CopyButton text={lines.join("\n")} />}
          <Button busy={query.isFetching} onClick={() => void query.refetch()}>
            {!query.isFetching && <Icon name="refresh" className="size-4" />} {said.refresh}
          </Button>
        </span>
      }
    >
      <p className="mb-3 text-sm text-muted">{said.logLead}</p>
      <Asked query={query}>
        {({ lines }) =>
          lines.length === 0 ? (
            <Empty title={said.logNone}>{said.logNoneHelp}</Empty>
          ) : (
            <div
              role="region"
              aria-label={said.logLines}
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
              tabIndex={0}
              className="max-h-[60dvh] overflow-y-auto rounded-xl border border-line bg-surface p-3"
            >
              <ol className="font-mono text-[0.8125rem] leading-5.5">
                {each(lines, (line) => (
                  <li className="whitespace-pre-wrap wrap-anywhere">
                    <bdi>{escapeText(line)}</bdi>
                  </li>
                ))}
              </ol>
            </div>
          )
        }
      </Asked>
    </Section>
  );
}
