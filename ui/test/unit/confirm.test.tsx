import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { act } from "react";
import { expect, it, vi } from "vitest";
import { Confirm } from "@/components/Confirm";
import { LanguageProvider } from "@/i18n";

it.each([true, false])("closes when the deed is done, and leads nobody back who went elsewhere (%s)", async (stays) => {
  let done = () => {};
  const onClose = vi.fn();
  const deed = () => new Promise<void>((resolve) => (done = resolve));
  const { unmount } = render(
    <LanguageProvider language="en">
      <Confirm open title="Undo?" deed="Undo" act={deed} onClose={onClose}>
        -
      </Confirm>
    </LanguageProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Undo" }));
  if (!stays) unmount();
  await act(async () => done());
  expect(onClose).toHaveBeenCalledTimes(stays ? 1 : 0);
});
