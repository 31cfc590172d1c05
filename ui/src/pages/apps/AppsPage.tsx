import { useQuery } from "@tanstack/react-query";
import { Suspense, useDeferredValue, useEffect, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Button } from "@/components/Button";
import { INPUT } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { AppCard } from "./AppCard";
import { InstallDialog } from "./card/late";
import { Starters } from "./Starters";
import { stateOf } from "./state";
import { words } from "./words";

const FILTERS = ["all", "on", "off", "paused", "unready", "broken", "unsigned"] as const;
type Filter = (typeof FILTERS)[number];
type Summary = Schemas["AppSummary"];

const WRITE_ADDRESS_MS = 300;

const fits = (app: Summary, filter: Filter): boolean => {
  if (filter === "all") return true;
  return filter === "unsigned" ? app.badge === "local_developer" : stateOf(app) === filter;
};
const has = (app: Summary, needle: string): boolean => `${app.name}\n${app.title}`.toLowerCase().includes(needle);

export default function AppsPage() {
  const said = useWords(words);
  const [, navigate] = useLocation();
  const [address, setAddress] = useSearchParams();
  const install = address.get("install");
  // Chosen on this very screen: looked at at once. A link to this address is not, since anybody can write one.
  const [begun, setBegun] = useState<string | null>(null);
  const put = (name: string, value: string | null, replace = false) =>
    setAddress(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace },
    );
  const open = (source: string) => {
    setBegun(source || null);
    put("install", source);
  };
  return (
    <Page
      wide
      title={said.title}
      lead={said.lead}
      actions={
        <Button look="main" onClick={() => open("")}>
          <Icon name="plus" className="size-4" /> {said.install}
        </Button>
      }
    >
      <Gallery address={address} put={put} onInstall={open} />
      {install !== null && (
        <Suspense>
          <InstallDialog
            source={install}
            begin={begun !== null && begun === install}
            onSource={(source) => put("install", source, true)}
            onClose={() => put("install", null, true)}
            onInstalled={(app) => navigate(to.app(app.name))}
          />
        </Suspense>
      )}
    </Page>
  );
}

interface GalleryProps {
  address: URLSearchParams;
  put(name: string, value: string | null, replace?: boolean): void;
  onInstall(source: string): void;
}

function Gallery({ address, put, onInstall }: GalleryProps) {
  const said = useWords(words);
  const query = useQuery(reads.appList());
  const [text, setText] = useState(address.get("q") ?? "");
  const needle = useDeferredValue(text.trim().toLowerCase());
  const filter = FILTERS.find((known) => known === address.get("filter")) ?? "all";
  const kept = address.get("q") ?? "";
  useEffect(() => {
    if (text === kept) return undefined;
    const timer = setTimeout(() => put("q", text || null, true), WRITE_ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [text, kept, put]);
  return (
    <>
      <search className="mb-3 block">
        <label className="relative block">
          <span className="sr-only">{said.search}</span>
          <Icon name="search" className="pointer-events-none absolute inset-y-0 start-3 my-auto size-4 text-muted" />
          <input
            type="search"
            className={`${INPUT} ps-9`}
            placeholder={said.search}
            value={text}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </search>
      <Asked query={query}>
        {(apps) => (
          <>
            {apps.length > 0 && (
              <Chips apps={apps} now={filter} onChange={(next) => put("filter", next === "all" ? null : next, true)} />
            )}
            <Installed
              apps={apps}
              shown={apps.filter((app) => fits(app, filter) && has(app, needle))}
              onInstall={onInstall}
              onClear={() => {
                setText("");
                put("filter", null, true);
              }}
            />
          </>
        )}
      </Asked>
      <Starters needle={needle} onInstall={onInstall} />
    </>
  );
}

/** Only what some app is: a filter that would show nothing is not offered. */
function Chips({ apps, now, onChange }: { apps: readonly Summary[]; now: Filter; onChange(filter: Filter): void }) {
  const said = useWords(words);
  const offered = FILTERS.filter((filter) => filter === now || apps.some((app) => fits(app, filter)));
  return (
    <fieldset className="mb-5 flex flex-wrap gap-1.5">
      <legend className="sr-only">{said.filters}</legend>
      {offered.map((filter) => (
        <button
          key={filter}
          type="button"
          aria-pressed={filter === now}
          onClick={() => onChange(filter)}
          className="min-h-8 rounded-full border border-control px-3 text-sm hover:bg-raised aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:font-semibold aria-pressed:text-on-accent pointer-coarse:min-h-11"
        >
          {said.filter[filter]} <span className="tabular-nums">{apps.filter((app) => fits(app, filter)).length}</span>
        </button>
      ))}
    </fieldset>
  );
}

function Installed(props: {
  apps: readonly Summary[];
  shown: readonly Summary[];
  onInstall(source: string): void;
  onClear(): void;
}) {
  const { apps, shown, onInstall, onClear } = props;
  const said = useWords(words);
  if (apps.length === 0) {
    return (
      <div className="mb-8">
        <Empty title={said.none}>
          <p>{said.noneHelp}</p>
          <Button className="mt-3" onClick={() => onInstall("")}>
            {said.install}
          </Button>
        </Empty>
      </div>
    );
  }
  return (
    <Section title={said.installed} aside={<span role="status">{said.count(shown.length, apps.length)}</span>}>
      {shown.length === 0 ? (
        <Empty title={said.nothingFound}>
          <p>{said.nothingFoundHelp}</p>
          <Button className="mt-3" onClick={onClear}>
            {said.clear}
          </Button>
        </Empty>
      ) : (
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {shown.map((app, place) => (
            <AppCard key={app.name} app={app} place={place} />
          ))}
        </ul>
      )}
    </Section>
  );
}
