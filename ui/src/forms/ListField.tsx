import { useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { Button } from "@/components/Button";
import { INPUT } from "@/components/Field";
import { AnyField } from "./AnyField";
import { escapeText } from "@/text/escape";
import { useForm } from "./context";
import { Group, Labelled, useControl, usePlaceholder, type Place } from "./Frame";
import { elementId, child } from "./pointer";
import { isNumeric, said } from "./schema";
import { startingItem } from "./settle";
import { canonical, withItemMoved, withoutItem, type Members } from "./value";

const rowsOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** No rows mean "not given", but where the author says that an empty list is an answer of its own. */
const useRows = (place: Place): [unknown[], (rows: unknown[]) => void] => {
  const { change } = useForm();
  const isEmptyAnAnswer = place.isRequired || said(place.schemas, "minItems", isNumeric) === 0;
  return [
    rowsOf(place.value),
    (rows) => change(place.pointer, rows.length === 0 && !isEmptyAnAnswer ? undefined : rows),
  ];
};

export function ListField({ place, items }: { place: Place; items: Members[] }) {
  const { document, words, id } = useForm();
  const [rows, setRows] = useRows(place);
  const [spoken, setSpoken] = useState("");
  const group = useRef<HTMLDivElement>(null);
  const { disabled } = useControl(place);
  const keys = useKeys(rows.length);
  const most = said(place.schemas, "maxItems", isNumeric) ?? Infinity;

  // The fields of the new state have to be there before one of them can have the focus.
  const focus = (find: () => HTMLElement | null | undefined): void => void requestAnimationFrame(() => find()?.focus());
  const button = (row: number, name: string) => () =>
    group.current?.querySelector<HTMLElement>(`[data-row="${row}"][data-does="${name}"]:not(:disabled)`) ??
    group.current?.querySelector<HTMLElement>("[data-does='add']");

  const add = (): void => {
    keys.add();
    setRows([...rows, startingItem(document, items)]);
    setSpoken("");
    focus(() => globalThis.document.getElementById(elementId(id, child(place.pointer, rows.length))));
  };
  const remove = (index: number): void => {
    keys.remove(index);
    setRows(withoutItem(rows, index));
    setSpoken(words.removed(words.row(index + 1)));
    focus(button(Math.min(index, rows.length - 2), "remove"));
  };
  const move = (index: number, to: number, name: string): void => {
    keys.move(index, to);
    setRows(withItemMoved(rows, index, to));
    setSpoken(words.moved(to + 1));
    focus(button(to, to === 0 || to === rows.length - 1 ? "remove" : name));
  };
  return (
    <Group place={place}>
      <div ref={group} className="grid gap-2">
        {rows.map((row, index) => {
          const name = words.row(index + 1);
          const does = (what: string) => ({ "data-row": index, "data-does": what, disabled });
          return (
            <div key={keys.list[index]} className="flex flex-wrap items-start gap-2 sm:flex-nowrap">
              <div className="min-w-40 grow">
                <AnyField
                  pointer={child(place.pointer, index)}
                  schemas={items}
                  value={row}
                  isRequired={false}
                  isReadOnly={place.isReadOnly}
                  label={`${place.label}, ${name}`}
                />
              </div>
              <div className="flex shrink-0 gap-1 pt-6">
                <Button
                  look="quiet"
                  {...does("up")}
                  disabled={disabled || index === 0}
                  aria-label={words.moveUp(name)}
                  onClick={() => move(index, index - 1, "up")}
                >
                  <span aria-hidden="true">↑</span>
                </Button>
                <Button
                  look="quiet"
                  {...does("down")}
                  disabled={disabled || index === rows.length - 1}
                  aria-label={words.moveDown(name)}
                  onClick={() => move(index, index + 1, "down")}
                >
                  <span aria-hidden="true">↓</span>
                </Button>
                <Button look="quiet" {...does("remove")} aria-label={words.remove(name)} onClick={() => remove(index)}>
                  <span aria-hidden="true">✕</span>
                </Button>
              </div>
            </div>
          );
        })}
        <Button data-does="add" className="justify-self-start" disabled={disabled || rows.length >= most} onClick={add}>
          {words.addRow}
        </Button>
        <p role="status" className="sr-only">
          {spoken}
        </p>
      </div>
    </Group>
  );
}

/** Rows keep their identity when they move, so that what is half typed moves with them. */
const useKeys = (length: number) => {
  const [{ list, last }, setKeys] = useState({ list: Array.from({ length }, (_, at) => at), last: length });
  const resized = (size: number) => ({
    list: Array.from({ length: size }, (_, at) => list[at] ?? last + at),
    last: last + size,
  });
  if (list.length !== length) setKeys(resized(length));
  return {
    list,
    add: () => setKeys(resized(length + 1)),
    remove: (index: number) => setKeys({ list: withoutItem(list, index), last }),
    move: (from: number, to: number) => setKeys({ list: withItemMoved(list, from, to), last }),
  };
};

/** Equal tags are told apart by how often they came before. */
const keyOf = (tags: unknown[], index: number): string =>
  `${canonical(tags[index])} ${tags.slice(0, index).filter((tag) => tag === tags[index]).length}`;

/** Short texts, each added with Enter. */
export function TagsField({ place }: { place: Place }) {
  const { words } = useForm();
  const control = useControl(place, true);
  const placeholder = usePlaceholder(place);
  const [tags, setTags] = useRows(place);
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);

  const add = (texts: string[]): void => {
    const fresh = texts.filter((tag) => tag.trim() !== "");
    setText("");
    if (fresh.length > 0) setTags([...tags, ...fresh]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || text.trim() === "" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    add([text]);
  };
  const onPaste = (event: ClipboardEvent): void => {
    const lines = event.clipboardData.getData("text").split(/\r?\n/);
    if (lines.length < 2) return;
    event.preventDefault();
    add([text + (lines[0] ?? ""), ...lines.slice(1)]);
  };
  return (
    <Labelled place={place} ownHelp={words.tagHelp} withInner>
      {tags.length > 0 && (
        <ul className="mb-2 flex flex-wrap gap-2">
          {tags.map((tag, index) => (
            <li key={keyOf(tags, index)} className="inline-flex items-center rounded-lg bg-raised ps-3 text-sm">
              <bdi>{escapeText(typeof tag === "string" ? tag : JSON.stringify(tag))}</bdi>
              <Button
                look="quiet"
                disabled={control.disabled}
                aria-label={words.remove(String(tag))}
                onClick={() => {
                  setTags(withoutItem(tags, index));
                  input.current?.focus();
                }}
              >
                <span aria-hidden="true">✕</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      <span className="flex gap-2">
        <input
          {...control}
          ref={input}
          dir="auto"
          type="text"
          autoComplete="off"
          placeholder={placeholder}
          className={INPUT}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          // What was typed and not added would be lost without a word.
          onBlur={() => add([text])}
        />
        <Button disabled={control.disabled || text.trim() === ""} onClick={() => add([text])}>
          {words.addTag}
        </Button>
      </span>
    </Labelled>
  );
}
