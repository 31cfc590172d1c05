import { useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Panel } from "@/components/Page";

/** A form with one deed at its end. What went wrong is said where it happened. */
export function DeedForm(props: { lead?: string; deed: string; act(): Promise<void>; children: ReactNode }) {
  const { lead, deed, act, children } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void go();
        }}
      >
        {lead && <p className="text-sm text-muted">{lead}</p>}
        {children}
        {error !== null && <Failed error={error} />}
        <Button type="submit" busy={busy}>
          {deed}
        </Button>
      </form>
    </Panel>
  );
}
