import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useState } from "react";
import { vi } from "vitest";
import { SchemaForm, startingValue, type SchemaFormProps } from "@/forms/SchemaForm";

export const sent = vi.fn();
export const changed = vi.fn();

/** A page that holds a form's value, as every page does. */
export function Page(props: Partial<SchemaFormProps> & { schema: unknown }) {
  const [value, setValue] = useState<unknown>(props.value ?? startingValue(props.schema));
  return (
    <SchemaForm
      {...props}
      value={value}
      onChange={(next) => {
        changed(next);
        setValue(next);
      }}
      onSubmit={sent}
    />
  );
}

export const object = (properties: unknown, rest: object = {}) => ({ type: "object", properties, ...rest });
export const start = (schema: unknown, props: Partial<SchemaFormProps> = {}) => {
  render(<Page schema={schema} {...props} />);
  return userEvent.setup();
};
export const submit = (user: ReturnType<typeof userEvent.setup>) =>
  user.click(screen.getByRole("button", { name: "Start" }));
