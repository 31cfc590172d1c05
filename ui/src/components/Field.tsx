import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";

export const INPUT =
  "block w-full min-h-10 rounded-lg border border-control bg-surface px-3 py-1.5 text-ink placeholder:text-muted aria-invalid:border-danger disabled:opacity-60 pointer-coarse:min-h-11";

interface Around {
  label: string;
  help?: ReactNode;
  problem?: string | null;
}

function Labelled(props: Around & { id: string; children: ReactNode }) {
  const { id, label, help, problem, children } = props;
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children}
      {help && (
        <div id={`${id}-help`} className="mt-1 text-sm text-muted">
          {help}
        </div>
      )}
      {problem && (
        <p id={`${id}-problem`} className="mt-1 text-sm text-danger">
          {problem}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { help, problem }: Around) =>
  [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(" ") || undefined;

type TextProps = Around & Omit<InputHTMLAttributes<HTMLInputElement>, "id">;

export function TextField({ label, help, problem, className = "", ...rest }: TextProps) {
  const id = useId();
  const around = { label, help, ...(problem ? { problem } : {}) };
  return (
    <Labelled id={id} {...around}>
      <input
        id={id}
        aria-describedby={described(id, around)}
        aria-invalid={problem ? true : undefined}
        className={`${INPUT} ${className}`}
        {...rest}
      />
    </Labelled>
  );
}

type AreaProps = Around & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "id">;

/** Text over several lines. */
export function AreaField({ label, help, problem, className = "", rows = 4, ...rest }: AreaProps) {
  const id = useId();
  const around = { label, help, ...(problem ? { problem } : {}) };
  return (
    <Labelled id={id} {...around}>
      <textarea
        id={id}
        rows={rows}
        aria-describedby={described(id, around)}
        aria-invalid={problem ? true : undefined}
        className={`${INPUT} ${className}`}
        {...rest}
      />
    </Labelled>
  );
}

type SelectProps = Around &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, "id"> & { options: readonly { value: string; label: string }[] };

export function SelectField({ label, help, problem, options, className = "", ...rest }: SelectProps) {
  const id = useId();
  const around = { label, help, ...(problem ? { problem } : {}) };
  return (
    <Labelled id={id} {...around}>
      <select id={id} aria-describedby={described(id, around)} className={`${INPUT} ${className}`} {...rest}>
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** On or off, with its words beside it. */
export function Switch(props: {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}) {
  const { label, checked, disabled = false, onChange } = props;
  return (
    <label className="relative inline-flex min-h-9 cursor-pointer items-center gap-2.5 text-sm">
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="peer sr-only"
      />
      <span
        aria-hidden="true"
        className="relative h-6 w-10 shrink-0 rounded-full border border-control bg-raised transition-colors peer-checked:border-accent peer-checked:bg-accent peer-focus-visible:outline-3 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-accent peer-disabled:opacity-60 after:absolute after:start-0.5 after:top-0.5 after:size-4.5 after:rounded-full after:bg-control after:transition-[inset-inline-start] peer-checked:after:start-4.5 peer-checked:after:bg-on-accent"
      />
      {label}
    </label>
  );
}

interface ChoiceProps<T extends string> {
  /** What is chosen, for who cannot see what it stands beside. */
  legend: string;
  value: T;
  options: readonly { value: T; label: string }[];
  disabled?: boolean;
  onChange(value: T): void;
}

/** One of a few, all in view. */
export function Choice<T extends string>({ legend, value, options, disabled = false, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="inline-flex max-w-full flex-wrap rounded-lg border border-control" disabled={disabled}>
      <legend className="sr-only">{legend}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          // Holds what is hidden in it, so that a list that scrolls takes it along and the keyboard finds it.
          className="relative cursor-pointer px-3 py-1.5 text-sm wrap-normal first-of-type:rounded-s-[7px] last-of-type:rounded-e-[7px] hover:bg-raised has-checked:bg-accent has-checked:font-semibold has-checked:text-on-accent has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:py-2.5"
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="sr-only"
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
