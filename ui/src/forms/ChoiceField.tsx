import { INPUT } from "@/components/Field";
import { escapeText } from "@/text/escape";
import { useForm } from "./context";
import { Below, Group, Labelled, useControl, type Place } from "./Frame";
import type { Option } from "./schema";
import { canonical } from "./value";

const RADIO = "size-4 shrink-0 accent-accent";
const LINE = "flex min-h-9 items-center gap-2.5 text-sm pointer-coarse:min-h-11";

const labelOf = (option: Option): string =>
  escapeText(option.label ?? (typeof option.value === "string" ? option.value : JSON.stringify(option.value)));

const indexOf = (options: Option[], value: unknown): number =>
  options.findIndex((option) => canonical(option.value) === canonical(value));

export function ChoiceField({ place, options }: { place: Place; options: Option[] }) {
  const { change, hints, words } = useForm();
  const control = useControl(place);
  const chosen = place.value === undefined ? -1 : indexOf(options, place.value);
  const isForeign = place.value !== undefined && place.value !== null && chosen < 0;
  const choose = (index: number): void => change(place.pointer, options[index]?.value);

  if (hints?.fields?.[place.pointer]?.widget === "radio")
    return (
      <Group place={place} isFramed={false}>
        {[...(place.isRequired ? [] : [-1]), ...options.keys()].map((index) => {
          const option = options[index];
          return (
            <label key={option === undefined ? "" : canonical(option.value)} className={LINE}>
              <input
                type="radio"
                name={control.id}
                checked={index === chosen && !isForeign}
                onChange={() => choose(index)}
                className={RADIO}
              />
              {option === undefined ? words.none : <bdi>{labelOf(option)}</bdi>}
            </label>
          );
        })}
        {isForeign && <p className="text-sm">{words.notAllowed(escapeText(JSON.stringify(place.value)))}</p>}
      </Group>
    );
  return (
    <Labelled place={place}>
      <select
        {...control}
        className={INPUT}
        value={isForeign ? "foreign" : String(chosen)}
        onChange={(event) => choose(Number(event.target.value))}
      >
        <option value="-1">{place.isRequired ? words.choose : words.none}</option>
        {isForeign && <option value="foreign">{words.notAllowed(escapeText(JSON.stringify(place.value)))}</option>}
        {options.map((option, index) => (
          <option key={canonical(option.value)} value={index}>
            {labelOf(option)}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

export function BooleanField({ place }: { place: Place }) {
  const { change, hints } = useForm();
  const { "aria-required": _, ...control } = useControl(place);
  const isSwitch = hints?.fields?.[place.pointer]?.widget === "switch";
  return (
    <div className="min-w-0">
      <label className="inline-flex min-h-9 items-center gap-2.5 text-sm font-medium pointer-coarse:min-h-11">
        <input
          {...control}
          type="checkbox"
          role={isSwitch ? "switch" : undefined}
          checked={place.value === true}
          onChange={(event) => change(place.pointer, event.target.checked)}
          className={isSwitch ? "peer sr-only" : RADIO}
        />
        {isSwitch && <span aria-hidden="true" className={SWITCH} />}
        <bdi>{place.label}</bdi>
      </label>
      <Below place={place} />
    </div>
  );
}

const SWITCH =
  "relative h-6 w-10 shrink-0 rounded-full border border-control bg-raised transition-colors peer-checked:border-accent peer-checked:bg-accent peer-focus-visible:outline-3 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent peer-disabled:opacity-60 after:absolute after:start-0.5 after:top-0.5 after:size-4.5 after:rounded-full after:bg-control after:transition-[inset-inline-start] peer-checked:after:start-4.5 peer-checked:after:bg-on-accent";

/** Any of a few, each at most once. */
export function ChecksField({ place, options }: { place: Place; options: Option[] }) {
  const { change } = useForm();
  const chosen = Array.isArray(place.value) ? (place.value as unknown[]) : [];
  const isChosen = ({ value }: Option): boolean => chosen.some((other) => canonical(other) === canonical(value));
  const toggle = (option: Option): void => {
    const next = isChosen(option)
      ? chosen.filter((other) => canonical(other) !== canonical(option.value))
      : [...chosen, option.value];
    change(place.pointer, next.length === 0 && !place.isRequired ? undefined : next);
  };
  return (
    <Group place={place} isFramed={false}>
      {options.map((option) => (
        <label key={canonical(option.value)} className={LINE}>
          <input type="checkbox" checked={isChosen(option)} onChange={() => toggle(option)} className={RADIO} />
          <bdi>{labelOf(option)}</bdi>
        </label>
      ))}
    </Group>
  );
}
