import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Icon } from "@/components/Icon";
import { Empty, Panel, Section } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { Time, useNow } from "@/components/Time";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { NewKey } from "./NewKey";
import { ShownOnce } from "./ShownOnce";
import { words } from "./words";

type Token = Schemas["TokenView"];

export function Keys() {
  const said = useWords(words).keys;
  const { tabs } = useWords(words);
  const tokens = useQuery(reads.tokenList());
  const queries = useQueryClient();
  const [address, setAddress] = useSearchParams();
  const [made, setMade] = useState<Schemas["Token"] | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const making = address.get("new") === "key";
  const make = (open: boolean) => setAddress(open ? { tab: "keys", new: "key" } : { tab: "keys" }, { replace: !open });
  const add = (
    <Button look="main" onClick={() => make(true)}>
      <Icon name="plus" className="size-4" /> {said.make}
    </Button>
  );
  return (
    <Section title={tabs.keys} aside={tokens.data?.tokens.length ? add : undefined}>
      <p className="mb-4 text-sm text-muted">{said.lead}</p>
      <Asked query={tokens}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Empty title={said.none}>
              <p className="mb-3">{said.noneHow}</p>
              {add}
            </Empty>
          ) : (
            <ul className="space-y-3">
              {tokens.map((token) => (
                <OneKey key={token.id} token={token} onRevoke={() => setRevoking(token)} />
              ))}
            </ul>
          )
        }
      </Asked>
      <NewKey
        open={making}
        onClose={() => make(false)}
        onMade={(token) => {
          setMade(token);
          make(false);
          void queries.invalidateQueries({ queryKey: ["tokens"] });
        }}
      />
      {made && <ShownOnce made={made} onKept={() => setMade(null)} />}
      <Confirm
        open={revoking !== null}
        title={said.revokeAsk(escapeText(revoking?.name ?? ""))}
        deed={said.revoke}
        danger
        act={async () => {
          if (revoking) await acts.tokenRevoke(revoking.id);
          await queries.invalidateQueries({ queryKey: ["tokens"] });
        }}
        onClose={() => setRevoking(null)}
      >
        <p>{said.revokeMeans}</p>
      </Confirm>
    </Section>
  );
}

function OneKey({ token, onRevoke }: { token: Token; onRevoke(): void }) {
  const said = useWords(words).keys;
  const now = useNow(30_000);
  const name = escapeText(token.name);
  const isOver = Boolean(token.expires_at && token.expires_at <= now);
  return (
    <li>
      <Panel className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="font-semibold">
            <bdi>{name}</bdi>{" "}
            <span className="text-sm font-normal text-muted">
              {said.ends} <code className="font-mono">…{escapeText(token.last_four)}</code>
            </span>
          </h3>
          {isOver && <p className="text-sm text-caution">{said.over}</p>}
          <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
            <dt className="text-muted">{said.may}</dt>
            <dd>
              <ul className="flex flex-wrap gap-1">
                {token.rights.map((right) => (
                  <li key={right}>
                    <Pill>{right === "answer" ? right : said.right[right].label}</Pill>
                  </li>
                ))}
              </ul>
            </dd>
            <dt className="text-muted">{said.made}</dt>
            <dd>
              <Time at={token.made_at} />
            </dd>
            <dt className="text-muted">{said.used}</dt>
            <dd>{token.used_at ? <Time at={token.used_at} /> : said.neverUsed}</dd>
            <dt className="text-muted">{said.expires}</dt>
            <dd>{token.expires_at ? <Time at={token.expires_at} /> : said.noEnd}</dd>
          </dl>
        </div>
        <Button onClick={onRevoke} aria-label={said.revokeOf(name)}>
          {said.revoke}
        </Button>
      </Panel>
    </li>
  );
}
