import { useCallback, useDeferredValue, useState } from "react";
import { Button, ButtonLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { each } from "@/views/each";
import { FoundServer } from "./FoundServer";
import { Notices } from "./Notices";
import { isDue, isWanted, type Answers, type Found, type Look, type Outcomes } from "./state";
import { Step } from "./Step";
import { words } from "./words";

const GROUPS = ["due", "keep", "refuse"] as const;
const SEARCH_FROM = 9;
const FILE_CHARACTERS_MAX = 300;

interface ChooseProps {
  look: Look;
  outcomes: Outcomes;
  again(more?: Answers): Promise<unknown>;
  onGo(apps: readonly string[]): void;
}

/** What was found: what each would become, and which of them are wanted. */
export function Choose({ look: { found, source }, outcomes, again, onGo }: ChooseProps) {
  const said = useWords(words);
  const { servers, faults, files } = found;
  const isDone = (app: string) => outcomes.get(app)?.state === "imported";
  const due = servers.filter((server) => isDue(server) && !isDone(server.app));
  // One that was asked for by itself is wanted, whatever else is said of it.
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(servers.filter(source.from === "clients" ? isWanted : isDue).map(({ app }) => app)),
  );
  const [text, setText] = useState("");
  const [isLacking, setLacking] = useState(false);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = wanted === "" ? servers : servers.filter((server) => textOf(server).includes(wanted));
  const apps = due.flatMap(({ app }) => (chosen.has(app) ? [app] : []));
  const onChosen = useCallback((app: string, isChosen: boolean) => {
    setLacking(false);
    setChosen((before) => {
      const next = new Set(before);
      if (isChosen) next.add(app);
      else next.delete(app);
      return next;
    });
  }, []);
  const onAnswers = useCallback(
    async (app: string, answers: Answers) => {
      await again(answers);
      onChosen(app, true);
    },
    [again, onChosen],
  );
  const counts = { install: 0, update: 0, keep: 0, refuse: 0 };
  for (const { action } of servers) counts[action] += 1;
  return (
    <Step title={said.choose} aside={<span role="status">{said.found(counts)}</span>}>
      <div className="mb-4 space-y-3">
        <p className="text-sm font-medium">{said.nothingDone}</p>
        {faults.length > 0 && (
          <Notice tone="caution" title={said.unread}>
            <Notices said={faults} />
          </Notice>
        )}
        {files.length > 0 && (
          <details className="text-sm">
            <summary className="min-h-6 py-1">{said.filesRead(files.length)}</summary>
            <ul className="mt-1 list-disc space-y-0.5 ps-5">
              {each(files, (file) => (
                <li className="wrap-anywhere">
                  <bdi>{shortenText(file, FILE_CHARACTERS_MAX)}</bdi>
                </li>
              ))}
            </ul>
          </details>
        )}
        <Again again={again} />
      </div>
      {servers.length === 0 && <Empty title={said.none}>{source.from === "clients" && said.noneHelp}</Empty>}
      {servers.length >= SEARCH_FROM && (
        <search className="mb-4 block max-w-sm">
          <TextField label={said.search} type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </search>
      )}
      {servers.length > 0 && shown.length === 0 && <Empty title={said.nothingFound} />}
      {GROUPS.map((group) => {
        const members = shown.filter((server) => groupOf(server) === group);
        const all = servers.filter((server) => groupOf(server) === group);
        return (
          members.length > 0 && (
            <section key={group} aria-label={said.groups[group]} className="mb-6">
              <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
                <h3 className="font-semibold">
                  {said.groups[group]}{" "}
                  <span className="font-normal text-muted">{said.count(members.length, all.length)}</span>
                </h3>
                {group === "due" && due.length > 1 && (
                  <div className="flex flex-wrap gap-2">
                    <Button look="quiet" onClick={() => setChosen(new Set(due.map(({ app }) => app)))}>
                      {said.all}
                    </Button>
                    <Button look="quiet" onClick={() => setChosen(new Set())}>
                      {said.noneOf}
                    </Button>
                  </div>
                )}
              </div>
              <ul className="grid gap-3 lg:grid-cols-2">
                {members.map((server, place) => (
                  <FoundServer
                    key={server.app}
                    found={server}
                    place={place}
                    isChosen={chosen.has(server.app)}
                    isDone={isDone(server.app)}
                    onChosen={onChosen}
                    onAnswers={onAnswers}
                  />
                ))}
              </ul>
            </section>
          )
        );
      })}
      {due.length > 0 && (
        <div className="space-y-2">
          <p className="text-sm text-muted">{said.goHelp}</p>
          {isLacking && (
            <p role="alert" className="text-sm text-danger">
              {said.chooseOne}
            </p>
          )}
          <div className="flex flex-wrap items-center gap-3">
            <Button look="main" onClick={() => (apps.length === 0 ? setLacking(true) : onGo(apps))}>
              {said.go(apps.length)}
            </Button>
            <span role="status" className="text-sm text-muted">
              {said.chosen(apps.length)}
            </span>
          </div>
        </div>
      )}
    </Step>
  );
}

const groupOf = (server: Found): (typeof GROUPS)[number] =>
  isDue(server) ? "due" : server.action === "keep" ? "keep" : "refuse";

const textOf = ({ app, title, place, sources, package: pinned }: Found): string =>
  [app, title, place, pinned ?? "", ...sources].join("\n").toLowerCase();

function Again({ again }: { again(): Promise<unknown> }) {
  const said = useWords(words);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const look = async () => {
    setBusy(true);
    setError(null);
    try {
      await again();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <ButtonLink href={to.importServers()}>{said.other}</ButtonLink>
        <Button busy={busy} onClick={() => void look()}>
          {!busy && <Icon name="refresh" className="size-4" />} {said.again}
        </Button>
      </div>
      {error !== null && <Failed error={error} />}
    </>
  );
}
