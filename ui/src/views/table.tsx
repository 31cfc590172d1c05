import { useId, useMemo, useState } from "react";
import schema from "../../../renderers/table/schema.json";
import { cellText, isNumberColumn, numberText, sortedPlaces, type Order } from "../../../renderers/shared/cells";
import type { Cell, TableData } from "../../../renderers/shared/data";
import { escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { useViewWords } from "./host";
import { useWindow } from "./use-window";
import type { View } from "./view";

// Longer tables draw only the rows in view, each of one height.
const WHOLE_ROWS_MAX = 200;
const ROW_PX = 33;

export function Table({ data }: { data: TableData }) {
  const words = useViewWords();
  const id = useId();
  const { columns, rows } = data;
  const [sorted, setSorted] = useState<{ column: number; order: Order } | undefined>(undefined);
  const places = useMemo(
    () => (sorted === undefined ? undefined : sortedPlaces(rows, sorted.column, sorted.order, words.language)),
    [rows, sorted, words.language],
  );
  const numbers = useMemo(() => columns.map((_, column) => isNumberColumn(rows, column)), [columns, rows]);
  const isWhole = rows.length <= WHOLE_ROWS_MAX;
  const { box, first, last, onScroll } = useWindow(rows.length, ROW_PX);
  const [from, to] = isWhole ? [0, rows.length] : [first, last];
  const said = (count: number) => numberText(count, words.language);
  const total = Math.max(data.total ?? 0, rows.length);
  const sort = (column: number) =>
    setSorted((now) => ({
      column,
      order: now?.column === column && now.order === "ascending" ? "descending" : "ascending",
    }));
  return (
    <div
      ref={box}
      className={isWhole ? "view-scroll" : "view-scroll view-long"}
      role="region"
      aria-labelledby={id}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={isWhole ? undefined : onScroll}
    >
      <table className="view-table" aria-rowcount={isWhole ? undefined : rows.length + 1}>
        <caption id={id}>
          {data.caption !== undefined && <span>{escapeText(data.caption)} · </span>}
          {total === 1 ? words.rowsOne : words.rows(said(rows.length), said(total))}
        </caption>
        <thead>
          <tr>
            {each(columns, (column, place) => {
              const name = escapeText(column);
              const order = sorted?.column === place ? sorted.order : undefined;
              return (
                <th scope="col" aria-sort={order ?? "none"} className={numbers[place] ? "view-number" : undefined}>
                  <button type="button" onClick={() => sort(place)} title={words.sortBy(name)}>
                    {name === "" ? words.empty : name}
                    <span aria-hidden="true" className="view-order">
                      {order === "ascending" ? "↑" : order === "descending" ? "↓" : "↕"}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <Gap columns={columns.length} rows={from} />}
          {Array.from({ length: to - from }, (_, index) => {
            const place = places === undefined ? from + index : (places[from + index] ?? 0);
            return (
              <Row key={place} cells={rows[place] ?? []} numbers={numbers} index={isWhole ? undefined : from + index} />
            );
          })}
          {to < rows.length && <Gap columns={columns.length} rows={rows.length - to} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are out of view. */
function Gap({ columns, rows }: { columns: number; rows: number }) {
  return (
    <tr aria-hidden="true">
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- it holds room, nobody meets it */}
      <td colSpan={columns} className="view-gap" style={{ height: rows * ROW_PX }} />
    </tr>
  );
}

interface RowProps {
  cells: readonly Cell[];
  /** Of each column, whether it has numbers. */
  numbers: readonly boolean[];
  index: number | undefined;
}

function Row({ cells, numbers, index }: RowProps) {
  const words = useViewWords();
  return (
    <tr aria-rowindex={index === undefined ? undefined : index + 2}>
      {each(numbers, (isNumber, column) => {
        const text = cellText(cells[column], words);
        return (
          <td className={isNumber ? "view-number" : undefined} title={index === undefined ? undefined : text}>
            <bdi>{text}</bdi>
          </td>
        );
      })}
    </tr>
  );
}

export const view: View<TableData> = { schema, text: texts.table, Drawing: Table };
