import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { session } from "@/api/session";
import { Asked } from "@/components/Asked";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Failed } from "@/components/Failed";
import { Empty, Panel, Section } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { Time } from "@/components/Time";
import { useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import { browserName } from "./browserName";
import { LoginLink } from "./LoginLink";
import { words } from "./words";

type Login = Schemas["LoginView"];
const NAME_MAX = 100;
const AGENT_MAX = 300;

export function Browsers() {
  const said = useWords(words).browsers;
  const { tabs } = useWords(words);
  const logins = useQuery(reads.loginList());
  const queries = useQueryClient();
  const [leaving, setLeaving] = useState<Login | null>(null);
  const [error, setError] = useState<unknown>(null);
  const signOut = async (login: Login) => {
    await acts.loginRevoke(login.id);
    if (login.id === session.login()) session.end();
    else await queries.invalidateQueries({ queryKey: ["logins"] });
  };
  return (
    <>
      <Section title={tabs.browsers}>
        <p className="mb-4 text-sm text-muted">{said.lead}</p>
        {error !== null && <Failed error={error} />}
        <Asked query={logins}>
          {({ logins }) =>
            logins.length === 0 ? (
              <Empty title={said.none} />
            ) : (
              <ul className="space-y-3">
                {logins.map((login) => (
                  <OneBrowser
                    key={login.id}
                    login={login}
                    onOut={() => {
                      setError(null);
                      if (login.id === session.login()) setLeaving(login);
                      else signOut(login).catch(setError);
                    }}
                  />
                ))}
              </ul>
            )
          }
        </Asked>
      </Section>
      <LoginLink />
      <Confirm
        open={leaving !== null}
        title={said.outHere}
        deed={said.out}
        act={async () => {
          if (leaving) await signOut(leaving);
        }}
        onClose={() => setLeaving(null)}
      >
        <p>{said.outHereMeans}</p>
      </Confirm>
    </>
  );
}

function OneBrowser({ login, onOut }: { login: Login; onOut(): void }) {
  const said = useWords(words).browsers;
  const known = browserName(login.browser, said.some);
  const name = known ?? (shortenText(login.browser, NAME_MAX) || said.unnamed);
  return (
    <li>
      <Panel className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="flex flex-wrap items-center gap-2 font-semibold">
            <bdi>{name}</bdi>
            {login.id === session.login() && <Pill tone="good">{said.here}</Pill>}
          </h3>
          {known && (
            <p className="text-xs wrap-anywhere text-muted">
              <bdi>{shortenText(login.browser, AGENT_MAX)}</bdi>
            </p>
          )}
          <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
            <dt className="text-muted">{said.since}</dt>
            <dd>
              <Time at={login.made_at} />
            </dd>
            <dt className="text-muted">{said.used}</dt>
            <dd>
              <Time at={login.used_at} />
            </dd>
            <dt className="text-muted">{said.until}</dt>
            <dd>
              <Time at={login.expires_at} />
            </dd>
          </dl>
        </div>
        <Button onClick={onOut} aria-label={said.outOf(name)}>
          {said.out}
        </Button>
      </Panel>
    </li>
  );
}
