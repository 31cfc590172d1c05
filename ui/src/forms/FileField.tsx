import { useForm } from "./context";
import { Labelled, useControl, type Place } from "./Frame";
import { segments } from "./pointer";
import { TextField } from "./TextField";

/** A file or folder that the person hands over. How it is chosen is the page's part. */
export function FileField({ place, access, isFolder }: { place: Place; access: "read" | "write"; isFolder: boolean }) {
  const { change, renderFile } = useForm();
  const control = useControl(place);
  if (renderFile === undefined) return <TextField place={place} format={undefined} />;
  return (
    <Labelled place={place}>
      {renderFile({
        id: control.id,
        name: segments(place.pointer)[0] ?? "",
        pointer: place.pointer,
        label: place.label,
        access,
        isFolder,
        isRequired: place.isRequired,
        isInvalid: control["aria-invalid"] === true,
        isDisabled: control.disabled,
        describedBy: control["aria-describedby"],
        value: place.value,
        onChange: (value) => change(place.pointer, value),
      })}
    </Labelled>
  );
}
