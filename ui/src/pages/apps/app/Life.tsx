// What changes an app as a whole: another version, on or off, gone.
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Failed } from "@/components/Failed";
import { Switch } from "@/components/Field";
import { Panel, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { words } from "./words";

type Detail = Schemas["AppDetail"];

export function Life({ app, onUpgrade }: { app: Detail; onUpgrade(source: string): void }) {
  const said = useWords(words);
  return (
    <>
      <Section title={said.versions}>
        <Panel className="space-y-4">
          <Row text={said.lookForNewHelp}>
            <div className="flex flex-wrap gap-2">
              {app.source && <Button onClick={() => onUpgrade(app.source ?? "")}>{said.lookForNew}</Button>}
              <Button onClick={() => onUpgrade("")}>{said.upgradeFrom}</Button>
            </div>
          </Row>
          <RollBack app={app} />
        </Panel>
      </Section>
      <Section title={said.power}>
        <Panel>
          <Power app={app} />
        </Panel>
      </Section>
      <Section title={said.remove}>
        <Panel>
          <Remove app={app.name} />
        </Panel>
      </Section>
    </>
  );
}

const Row = ({ text, children }: { text: string; children: ReactNode }) => (
  <div className="flex flex-wrap items-center justify-between gap-3">
    <p className="min-w-48 grow basis-0 text-sm text-muted">{text}</p>
    {children}
  </div>
);

function useChanged() {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      ["apps", "grants", "settings", "schedules", "starters", "servers"].map((key) =>
        queries.invalidateQueries({ queryKey: [key] }),
      ),
    );
}

function RollBack({ app }: { app: Detail }) {
  const said = useWords(words);
  const changed = useChanged();
  const [open, setOpen] = useState(false);
  const [restore, setRestore] = useState(false);
  const { previous } = app;
  if (!previous) return <p className="text-sm text-muted">{said.noPrevious}</p>;
  const version = escapeText(previous);
  return (
    <>
      <Row text={said.previous(version)}>
        <Button onClick={() => setOpen(true)}>{said.rollBack}</Button>
      </Row>
      <Confirm
        open={open}
        title={said.rollBackTitle(app.name, version)}
        deed={said.rollBack}
        danger={restore}
        act={async () => {
          await acts.appRollback(app.name, restore);
          await changed();
          announce(said.rolledBack(version));
        }}
        onClose={() => {
          setOpen(false);
          setRestore(false);
        }}
      >
        <p>{said.rollBackText}</p>
        <Switch label={said.restore} checked={restore} onChange={setRestore} />
        {restore && <p className="text-sm text-danger">{said.restoreText}</p>}
      </Confirm>
    </>
  );
}

/** Turns an app on or off, here and beside what says that it is off. */
export function Power(props: { app: Pick<Detail, "name" | "enabled">; word?: string; text?: string }) {
  const { app, word, text } = props;
  const said = useWords(words);
  const changed = useChanged();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isOn = app.enabled && !word;
  const turn = async () => {
    setBusy(true);
    setError(null);
    try {
      await (isOn ? acts.appDisable(app.name) : acts.appEnable(app.name));
      announce(isOn ? said.turnedOff : said.turnedOn);
    } catch (failure) {
      setError(failure);
    } finally {
      await changed();
      setBusy(false);
    }
  };
  const button = (
    <Button busy={busy} onClick={() => void turn()}>
      {word ?? (isOn ? said.turnOff : said.turnOn)}
    </Button>
  );
  return (
    <div className="space-y-3">
      {word ? button : <Row text={text ?? said.turnOffText}>{button}</Row>}
      {error !== null && <Failed error={error} />}
    </div>
  );
}

function Remove({ app }: { app: string }) {
  const said = useWords(words);
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  const [erase, setErase] = useState(false);
  return (
    <>
      <Row text={said.removeText}>
        <Button look="danger" onClick={() => setOpen(true)}>
          {said.remove} …
        </Button>
      </Row>
      <Confirm
        open={open}
        danger
        title={said.removeTitle(app)}
        deed={said.remove}
        act={async () => {
          await acts.appRemove(app, erase);
          announce(said.removed(app));
          navigate("/apps");
          for (const key of ["apps", "grants", "schedules", "starters", "servers"])
            void queries.invalidateQueries({ queryKey: [key] });
        }}
        onClose={() => {
          setOpen(false);
          setErase(false);
        }}
      >
        <p>{said.removeConfirm}</p>
        <Switch label={said.erase} checked={erase} onChange={setErase} />
        <p className={`text-sm ${erase ? "text-danger" : "text-muted"}`}>{erase ? said.eraseText : said.keepText}</p>
      </Confirm>
    </>
  );
}
