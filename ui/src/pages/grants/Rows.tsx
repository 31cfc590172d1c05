import { useEffect } from "react";
import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { Icon } from "@/components/Icon";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { cellsOf, LOOKS, type Cell } from "./families";
import { useGrantsInView } from "./in-view";
import { words, type Family } from "./words";

interface RowProps {
  app: Schemas["AppSummary"];
  /** Where the switches of this app open. */
  href: string;
  onFamilies(families: readonly Family[]): void;
}

function useCells({ app, onFamilies }: Pick<RowProps, "app" | "onFamilies">) {
  const { ref, query } = useGrantsInView(app.name);
  const grants = query.data?.grants;
  useEffect(() => {
    if (grants) onFamilies(cellsOf(grants).map(({ family }) => family));
  }, [grants, onFamilies]);
  return { ref, cells: grants && cellsOf(grants), isError: query.isError };
}

export function TableRow({ app, href, families, onFamilies }: RowProps & { families: readonly Family[] }) {
  const said = useWords(words);
  const { ref, cells, isError } = useCells({ app, onFamilies });
  return (
    <tr ref={ref} className="border-t border-line">
      <th scope="row" className="sticky start-0 h-12 bg-surface px-4 py-1 text-start font-normal">
        <Name app={app} />
      </th>
      {isError || cells?.length === 0 ? (
        <td colSpan={Math.max(1, families.length)} className="px-4 text-muted">
          {isError ? said.failed : said.nothing}
        </td>
      ) : (
        families.map((family) => {
          const cell = cells?.find((cell) => cell.family === family);
          return (
            <td key={family} className="px-4 py-1">
              {cell && <Switches app={app.name} href={href} cell={cell} />}
              {cells && !cell && (
                <span className="text-muted">
                  <span aria-hidden="true">–</span>
                  <span className="sr-only">{said.notAsked}</span>
                </span>
              )}
            </td>
          );
        })
      )}
    </tr>
  );
}

export function CardRow({ app, href, onFamilies }: RowProps) {
  const said = useWords(words);
  const { ref, cells, isError } = useCells({ app, onFamilies });
  return (
    <li ref={ref} className="min-h-24 rounded-xl border border-line bg-surface p-4">
      <Name app={app} />
      {isError && <p className="mt-2 text-sm text-muted">{said.failed}</p>}
      {cells?.length === 0 && <p className="mt-2 text-sm text-muted">{said.nothing}</p>}
      {cells && cells.length > 0 && (
        <dl className="mt-2 space-y-1 text-sm">
          {cells.map((cell) => (
            <div key={cell.family} className="flex items-center justify-between gap-3">
              <dt>{said.families[cell.family]}</dt>
              <dd>
                <Switches app={app.name} href={href} cell={cell} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function Name({ app }: { app: Schemas["AppSummary"] }) {
  const said = useWords(words);
  return (
    <span className="inline-flex items-center gap-2">
      <Link
        href={to.app(app.name, "touch")}
        className="inline-flex min-h-6 items-center font-semibold text-accent underline underline-offset-2 pointer-coarse:min-h-11"
      >
        <bdi>{escapeText(app.name)}</bdi>
      </Link>
      {!app.enabled && <Pill>{said.off}</Pill>}
    </span>
  );
}

function Switches({ app, href, cell }: { app: string; href: string; cell: Cell }) {
  const said = useWords(words);
  const { tone, icon } = LOOKS[cell.state];
  const word = said.states[cell.state];
  return (
    <Link
      href={href}
      aria-label={said.cell(escapeText(app), said.families[cell.family], word, cell.lines)}
      className="inline-flex min-h-8 items-center rounded-full hover:brightness-95 pointer-coarse:min-h-11"
    >
      <Pill tone={tone} icon={icon}>
        {cell.lines > 1 ? said.several(word, cell.lines) : word}
      </Pill>
    </Link>
  );
}

export function Legend() {
  const said = useWords(words);
  return (
    <ul className="mt-4 flex flex-wrap gap-x-6 gap-y-1 text-sm text-muted">
      {(["allow", "ask", "block"] as const).map((state) => (
        <li key={state} className="inline-flex items-center gap-1.5">
          <Icon name={LOOKS[state].icon} className="size-4" /> {said.legend[state]}
        </li>
      ))}
    </ul>
  );
}
