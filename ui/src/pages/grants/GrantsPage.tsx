import { useQuery } from "@tanstack/react-query";
import { lazy, memo, Suspense, useDeferredValue, useMemo, useState } from "react";
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
import { columnsOf, nameRem } from "./columns";
import { CardRow, Legend, TableRow } from "./Rows";
import { words } from "./words";

const Touch = lazy(async () => ({ default: (await import("@/pages/apps/app/Touch")).Touch }));

export default function GrantsPage() {
  const said = useWords(words);
  const apps = useQuery(reads.grantListAll());
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

/** So many are drawn without asking whether they are in view. */
const ROWS_AT_FIRST = 20;
const CARDS_AT_FIRST = 6;

/** What is typed shows at once; which apps it leaves follows. */
const Matrix = memo(function Matrix({ apps, text }: { apps: readonly Schemas["AppGrantsView"][]; text: string }) {
  const said = useWords(words);
  const isWide = useIsWide();
  const wanted = text.trim().toLowerCase();
  const shown = useMemo(
    () => apps.filter(({ app, title }) => `${app} ${title}`.toLowerCase().includes(wanted)),
    [apps, wanted],
  );
  if (shown.length === 0) return <Empty title={said.noneFits}>{said.noneFitsHelp}</Empty>;
  return (
    <>
      {isWide ? (
        <Table all={apps} shown={shown} />
      ) : (
        <ul className="space-y-3">
          {shown.map((app, place) => (
            <CardRow key={app.app} app={app} atFirst={place < CARDS_AT_FIRST} />
          ))}
        </ul>
      )}
      <Legend />
    </>
  );
});

interface TableProps {
  /** The columns are of all of them, so that they stay while somebody searches. */
  all: readonly Schemas["AppGrantsView"][];
  shown: readonly Schemas["AppGrantsView"][];
}

function Table({ all, shown }: TableProps) {
  const said = useWords(words);
  const columns = useMemo(() => columnsOf(all, said), [all, said]);
  const firstRem = useMemo(() => nameRem(all, said), [all, said]);
  const allRem = columns.reduce((sum, { widthRem }) => sum + widthRem, firstRem);
  return (
    <div
      role="region"
      aria-label={said.caption}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-xl border border-line bg-surface"
    >
      <table className="w-full table-fixed text-sm" style={{ minWidth: `${allRem}rem` }}>
        <caption className="sr-only">{said.caption}</caption>
        <colgroup>
          <col style={{ width: `${firstRem}rem` }} />
          {columns.map(({ family, widthRem }) => (
            <col key={family} style={{ width: `${widthRem}rem` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col" className="sticky start-0 bg-surface px-4 py-2 text-start">
              {said.app}
            </th>
            {columns.map(({ family }) => (
              <th key={family} scope="col" className="px-4 py-2 text-start whitespace-nowrap">
                {said.families[family]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((app, place) => (
            <TableRow key={app.app} app={app} columns={columns} atFirst={place < ROWS_AT_FIRST} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
