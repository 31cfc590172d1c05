import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked, Loading } from "@/components/Asked";
import { ButtonLink } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Empty, Page } from "@/components/Page";
import { useIsWide } from "@/components/wide";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { FAMILIES } from "./families";
import { CardRow, Legend, TableRow } from "./Rows";
import { words, type Family } from "./words";

const Touch = lazy(async () => ({ default: (await import("@/pages/apps/app/Touch")).Touch }));

export default function GrantsPage() {
  const said = useWords(words);
  const apps = useQuery(reads.appList());
  const [search, setSearch] = useSearchParams();
  const [text, setText] = useState(search.get("search") ?? "");
  const deferred = useDeferredValue(text);
  const open = search.get("app");
  const close = () =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      next.delete("app");
      return next;
    });
  return (
    <Page wide title={said.title} lead={said.lead}>
      <Asked query={apps}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={said.none}>
              <p>{said.noneHelp}</p>
              <p className="mt-3">
                <ButtonLink href="/apps">{said.toApps}</ButtonLink>
              </p>
            </Empty>
          ) : (
            <>
              <search className="mb-4 block max-w-sm">
                <TextField
                  label={said.search}
                  type="search"
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
              </search>
              <Matrix apps={all} text={deferred} />
            </>
          )
        }
      </Asked>
      <Dialog
        open={open !== null}
        wide
        title={<bdi>{escapeText(open ?? "")}</bdi>}
        footer={<ButtonLink href={to.app(open ?? "")}>{said.toApp}</ButtonLink>}
        onClose={close}
      >
        {open !== null && (
          <Suspense fallback={<Loading />}>
            <Touch app={open} />
          </Suspense>
        )}
      </Dialog>
    </Page>
  );
}

function Matrix({ apps, text }: { apps: readonly Schemas["AppSummary"][]; text: string }) {
  const said = useWords(words);
  const isWide = useIsWide();
  const [known, setKnown] = useState<ReadonlySet<Family>>(new Set());
  const onFamilies = useCallback(
    (more: readonly Family[]) =>
      setKnown((before) => (more.every((family) => before.has(family)) ? before : new Set([...before, ...more]))),
    [],
  );
  const families = FAMILIES.filter((family) => known.has(family));
  const wanted = text.trim().toLowerCase();
  const shown = useMemo(
    () => apps.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(wanted)),
    [apps, wanted],
  );
  if (shown.length === 0) return <Empty title={said.noneFits}>{said.noneFitsHelp}</Empty>;
  return (
    <>
      {isWide ? (
        <div
          role="region"
          aria-label={said.caption}
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
          tabIndex={0}
          className="overflow-x-auto rounded-xl border border-line bg-surface"
        >
          <table className="w-full text-sm">
            <caption className="sr-only">{said.caption}</caption>
            <thead>
              <tr>
                <th scope="col" className="sticky start-0 bg-surface px-4 py-2 text-start">
                  {said.app}
                </th>
                {families.map((family) => (
                  <th key={family} scope="col" className="px-4 py-2 text-start whitespace-nowrap">
                    {said.families[family]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((app) => (
                <TableRow
                  key={app.name}
                  app={app}
                  href={to.grants(app.name)}
                  families={families}
                  onFamilies={onFamilies}
                />
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <ul className="space-y-3">
          {shown.map((app) => (
            <CardRow key={app.name} app={app} href={to.grants(app.name)} onFamilies={onFamilies} />
          ))}
        </ul>
      )}
      <Legend />
    </>
  );
}
