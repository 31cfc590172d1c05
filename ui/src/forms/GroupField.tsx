import { Button } from "@/components/Button";
import { AnyField } from "./AnyField";
import { escapeText } from "@/text/escape";
import { useForm } from "./context";
import { Group, useControl, type Place } from "./Frame";
import { child } from "./pointer";
import type { Member } from "./schema";
import { startingItem } from "./settle";
import { isMembers, memberOf, type Members } from "./value";

/** Fields that belong together, drawn once they are there: a schema that asks for itself would go on for ever. */
export function GroupField({ place, members }: { place: Place; members: Member[] }) {
  const { change, document, words } = useForm();
  const { disabled } = useControl(place);
  const isThere = isMembers(place.value);
  const isRow = place.pointer.match(/\/\d+$/) !== null;
  const add = (): void => {
    const start = startingItem(document, [{ allOf: place.schemas }]);
    change(place.pointer, isMembers(start) ? start : {});
  };
  return (
    <Group place={place}>
      {isThere || isRow ? (
        <MemberFields pointer={place.pointer} members={members} value={place.value} isReadOnly={place.isReadOnly} />
      ) : (
        <Button disabled={disabled} onClick={add}>
          {words.add(place.label)}
        </Button>
      )}
      {isThere && !place.isRequired && !isRow && (
        <Button look="quiet" disabled={disabled} onClick={() => change(place.pointer, undefined)}>
          {words.remove(place.label)}
        </Button>
      )}
    </Group>
  );
}

export function MemberFields(props: {
  pointer: string;
  members: Member[];
  value: unknown;
  isReadOnly: boolean;
  order?: readonly string[] | undefined;
}) {
  const { pointer, value, isReadOnly, order = [] } = props;
  const rank = ({ name }: Member): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const members = props.members.toSorted((one, other) => rank(one) - rank(other));
  return (
    <div className="grid gap-3">
      {members.map(({ name, schemas, isRequired }) => (
        <AnyField
          key={name}
          pointer={child(pointer, name)}
          schemas={schemas}
          value={memberOf(value, name)}
          isRequired={isRequired}
          isReadOnly={isReadOnly}
        />
      ))}
      <ExtraMembers pointer={pointer} value={value} members={members} />
    </div>
  );
}

/** What the value holds besides the fields: shown, as it is sent too. */
function ExtraMembers({ pointer, value, members }: { pointer: string; value: unknown; members: Member[] }) {
  const { change, messagesAt, words } = useForm();
  const known = new Set(members.map(({ name }) => name));
  const extra = Object.entries(isMembers(value) ? value : ({} as Members)).filter(([name]) => !known.has(name));
  if (extra.length === 0) return null;
  return (
    <div className="text-sm">
      <p className="font-medium">{words.extra}</p>
      <ul>
        {extra.slice(0, 50).map(([name, inner]) => (
          <li key={name} className="flex flex-wrap items-center gap-2">
            <bdi>{escapeText(name)}</bdi>
            <code className="min-w-0 truncate">{escapeText(JSON.stringify(inner) ?? "")}</code>
            <Button look="quiet" onClick={() => change(child(pointer, name), undefined)}>
              {words.remove(escapeText(name))}
            </Button>
            <span className="text-danger">{messagesAt(child(pointer, name)).join(" ")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
