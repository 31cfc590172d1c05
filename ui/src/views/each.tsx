import { Fragment, type ReactNode } from "react";

/**
 * Draws the items of foreign data, which have no other identity than their place. `from` is the place of the first, where
 * the items are a part of more.
 */
export function each<Item>(
  items: readonly Item[],
  draw: (item: Item, place: number) => ReactNode,
  from = 0,
): ReactNode {
  // oxlint-disable-next-line react/no-array-index-key -- the place is what they are known by
  return items.map((item, index) => <Fragment key={from + index}>{draw(item, from + index)}</Fragment>);
}
