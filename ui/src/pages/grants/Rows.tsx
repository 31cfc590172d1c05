// One app each. Hundreds may be on one screen: each is drawn when it comes near the view, in the room that was kept for
// it, so that nothing moves.
import { memo, type CSSProperties } from "react";
import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { Icon } from "@/components/Icon";
import { useIsNear } from "@/components/near";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import type { Column } from "./columns";
import { cellsOf, LOOKS, type Cell } from "./families";
import { words } from "./words";

interface RowProps {
  app: Schemas["AppGrantsView"];
  /** Whether it is drawn without asking whether it is in view. */
  atFirst: boolean;
}

/** Room for two lines of a name, and for what a finger can touch. */
const ROW_HEIGHT = "h-12 pointer-coarse:h-13";

export const TableRow = memo(function TableRow(props: RowProps & { columns: readonly Column[] }) {
  const { isNear, ref } = useIsNear(props.atFirst);
  if (isNear) return <DrawnRow {...props} />;
  return (
    <tr ref={ref} className="border-t border-line">
      <td className={`truncate px-4 ${ROW_HEIGHT}`}>{escapeText(props.app.app)}</td>
    </tr>
  );
});

function DrawnRow({ app, columns }: { app: Schemas["AppGrantsView"]; columns: readonly Column[] }) {
  const said = useWords(words);
  const cells = app.grants && cellsOf(app.grants);
  return (
    <tr className="border-t border-line">
      <th scope="row" className={`sticky start-0 bg-surface px-4 py-1 text-start font-normal ${ROW_HEIGHT}`}>
        <Name app={app} />
      </th>
      {!cells || cells.length === 0 ? (
        <td colSpan={Math.max(1, columns.length)} className="px-4 whitespace-nowrap text-muted">
          {cells ? said.nothing : said.failed}
        </td>
      ) : (
        columns.map(({ family }) => {
          const cell = cells.find((cell) => cell.family === family);
          return (
            <td key={family} className="px-4 py-1 whitespace-nowrap">
              {cell ? (
                <Switches app={app.app} cell={cell} />
              ) : (
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

const CARD = "rounded-xl border border-line bg-surface p-4";

export const CardRow = memo(function CardRow({ app, atFirst }: RowProps) {
  const { isNear, ref } = useIsNear(atFirst);
  const said = useWords(words);
  const cells = app.grants && cellsOf(app.grants);
  return (
    <li ref={ref} className={CARD}>
      {/* There from the beginning: how many lines a name takes only the browser knows. */}
      <Name app={app} isLink={isNear} />
      {!cells || cells.length === 0 ? (
        <p className="mt-2 h-5 text-sm whitespace-nowrap text-muted">{cells ? said.nothing : said.failed}</p>
      ) : (
        <dl
          style={{ "--families": cells.length } as CSSProperties}
          className="mt-2 flex min-h-[calc(var(--families)*2.25rem-0.25rem)] flex-col gap-1 text-sm pointer-coarse:min-h-[calc(var(--families)*3rem-0.25rem)]"
        >
          {isNear &&
            cells.map((cell) => (
              <div key={cell.family} className="flex items-center justify-between gap-3">
                <dt>{said.families[cell.family]}</dt>
                <dd className="flex">
                  <Switches app={app.app} cell={cell} />
                </dd>
              </div>
            ))}
        </dl>
      )}
    </li>
  );
});

function Name({ app, isLink = true }: { app: Schemas["AppGrantsView"]; isLink?: boolean }) {
  const said = useWords(words);
  const name = <bdi className="wrap-anywhere">{escapeText(app.app)}</bdi>;
  const look = "inline-flex min-h-6 min-w-0 items-center font-semibold pointer-coarse:min-h-11";
  return (
    <span className="flex items-center gap-2">
      {isLink ? (
        <Link href={to.app(app.app, "touch")} className={`${look} text-accent underline underline-offset-2`}>
          {name}
        </Link>
      ) : (
        <span className={look}>{name}</span>
      )}
      {!app.enabled && (
        <span className="shrink-0 leading-none">
          <Pill>{said.off}</Pill>
        </span>
      )}
    </span>
  );
}

function Switches({ app, cell }: { app: string; cell: Cell }) {
  const said = useWords(words);
  const { tone, icon } = LOOKS[cell.state];
  const word = said.states[cell.state];
  return (
    <Link
      href={to.grants(app)}
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
