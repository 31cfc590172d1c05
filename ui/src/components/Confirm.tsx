import { useState, type ReactNode } from "react";
import { useWords } from "@/i18n";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Failed } from "./Failed";
import { useStillHere } from "./still-here";

const words = { en: { cancel: "Cancel" }, de: { cancel: "Abbrechen" } };

interface ConfirmProps {
  open: boolean;
  title: string;
  /** What will happen, and whether it can be taken back. */
  children: ReactNode;
  /** The deed, as a verb: "Remove", never "Yes". */
  deed: string;
  danger?: boolean;
  act(): Promise<unknown>;
  onClose(): void;
}

/** Asks once more before what cannot be taken back, or is larger than it looks. */
export function Confirm({ open, title, children, deed, danger = false, act, onClose }: ConfirmProps) {
  const said = useWords(words);
  const [busy, setBusy] = useState(false);
  const isStillHere = useStillHere();
  const [error, setError] = useState<unknown>(null);
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await act();
      if (isStillHere()) onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{said.cancel}</Button>
          <Button look={danger ? "danger" : "main"} busy={busy} onClick={() => void go()}>
            {deed}
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        {children}
        {error !== null && <Failed error={error} />}
      </div>
    </Dialog>
  );
}
