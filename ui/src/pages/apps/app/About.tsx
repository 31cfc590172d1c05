import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { CopyButton } from "@/components/CopyButton";
import { Empty, Panel, Section } from "@/components/Page";
import { Time } from "@/components/Time";
import { useLanguage, useWords } from "@/i18n";
import { bytesText } from "@/text/amounts";
import { escapeText, shortenText } from "@/text/escape";
import { BadgePill } from "../card/CardView";
import { Fact } from "@/components/Fact";
import { Sentences } from "../card/Sentences";
import { words as cardWords } from "../card/words";
import { Life } from "./Life";
import { words } from "./words";

export function About({ app, onUpgrade }: { app: Schemas["AppDetail"]; onUpgrade(source: string): void }) {
  const said = useWords(words);
  const card = useWords(cardWords);
  const language = useLanguage();
  return (
    <>
      <Section title={said.about}>
        <Panel>
          {app.description && (
            <p className="mb-3">
              <bdi>{shortenText(app.description, 600)}</bdi>
            </p>
          )}
          <dl className="grid items-baseline gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
            <Fact name={said.version}>{escapeText(app.version)}</Fact>
            <Fact name={said.installedAt}>
              <Time at={app.installed_at} />
            </Fact>
            <Fact name={card.badge}>
              <BadgePill badge={app.badge} short />{" "}
              {app.badge === "publisher" && app.publisher && escapeText(app.publisher)}
            </Fact>
            {app.badge !== "system" && (
              <Fact name={card.fingerprint}>
                <code className="font-mono text-xs">{escapeText(app.fingerprint)}</code>
              </Fact>
            )}
            <Fact name={card.digest}>
              <span className="flex flex-wrap items-center gap-x-1">
                <code className="font-mono text-xs">{app.digest}</code>
                <span className="-my-2 -ms-3.5 sm:ms-0">
                  <CopyButton text={app.digest} />
                </span>
              </span>
            </Fact>
            {app.developer && (
              <Fact name={said.developer}>
                <bdi>{shortenText(app.developer, 120)}</bdi>
              </Fact>
            )}
            <Fact name={said.source}>
              {app.source ? <code className="font-mono text-xs">{escapeText(app.source)}</code> : said.noSource}
            </Fact>
            <Fact name={card.zones}>{app.zones.map((zone) => card.zone[zone]).join(", ")}</Fact>
            <Fact name={said.storage}>{bytesText(app.storage_bytes, language)}</Fact>
            <Fact name={said.limits}>
              <Sentences sentences={app.limits} />
            </Fact>
          </dl>
        </Panel>
      </Section>
      <Section title={said.tools}>
        <Tools tools={app.tools ?? []} />
      </Section>
      <Life app={app} onUpgrade={onUpgrade} />
    </>
  );
}

function Tools({ tools }: { tools: readonly Schemas["ToolView"][] }): ReactNode {
  const said = useWords(words);
  if (tools.length === 0) return <Empty title={said.noTools} />;
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
      {tools.map((tool) => (
        <li key={tool.visible} className="px-4 py-2.5 text-sm">
          <code className="font-mono">{escapeText(tool.visible)}</code>
          {tool.description && (
            <p className="mt-0.5 text-muted">
              <bdi>{shortenText(tool.description, 400)}</bdi>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
