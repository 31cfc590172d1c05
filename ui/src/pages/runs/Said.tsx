import { memo, useState } from "react";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { Section } from "@/components/Page";
import { Say, useWords } from "@/i18n";
import { textOf, type Part, type RunStream, type TextPart, type ToolPart } from "@/live/runStream";
import { escapeLines, shortenText } from "@/text/escape";
import { ResultView } from "@/views/ResultView";
import { words } from "./words";

/** As many parts, and as many blocks of a text, are drawn at once: the newest. */
const PARTS_DRAWN = 20;
const BLOCKS_DRAWN = 50;
const NAME_CHARACTERS = 80;

/** What a run says, as it says it. Only its last part is drawn anew as more comes. */
export function Said({ stream, isUnderWay }: { stream: RunStream; version: number; isUnderWay: boolean }) {
  const said = useWords(words);
  const [drawn, setDrawn] = useState(PARTS_DRAWN);
  const { parts } = stream;
  const hidden = Math.max(0, parts.length - drawn);
  const hasText = parts.some((part) => part.kind === "text");
  const copy = () => void navigator.clipboard.writeText(textOf(stream)).then(() => announce(said.copied));
  return (
    <Section
      title={said.saying}
      aside={
        hasText && (
          <Button look="quiet" onClick={copy}>
            <Icon name="copy" className="size-4" /> {said.copyText}
          </Button>
        )
      }
    >
      {hidden > 0 && (
        <Button className="mb-3" onClick={() => setDrawn(drawn + PARTS_DRAWN)}>
          {said.earlier(Math.min(hidden, PARTS_DRAWN))}
        </Button>
      )}
      <div role="log" aria-label={said.saying} aria-live={isUnderWay ? "polite" : "off"} className="space-y-3">
        {parts.slice(hidden).map((part) => (
          <Drawn key={part.key} part={part} size={part.kind === "text" ? sizeOf(part) : 0} />
        ))}
      </div>
    </Section>
  );
}

/** A text part is the same object as it grows: by its size it is seen to have grown. */
const sizeOf = ({ blocks }: TextPart): number => blocks.length * 1e6 + (blocks.at(-1)?.length ?? 0);

const Drawn = memo(function Drawn({ part }: { part: Part; size: number }) {
  switch (part.kind) {
    case "text":
      return <Text blocks={part.blocks} />;
    case "data":
      return (
        <div className="rounded-xl border border-line bg-surface p-3">
          {/* What is drawn has a title of its own; data alone has only the name that the app gave it. */}
          {!part.renderer && (
            <p className="mb-2 text-xs text-muted">
              <bdi>{shortenText(part.topic, NAME_CHARACTERS)}</bdi>
            </p>
          )}
          <ResultView renderer={part.renderer} data={part.payload} />
        </div>
      );
    default:
      return <Tool part={part} />;
  }
});

function Text({ blocks }: { blocks: readonly string[] }) {
  const said = useWords(words);
  const [drawn, setDrawn] = useState(BLOCKS_DRAWN);
  const hidden = Math.max(0, blocks.length - drawn);
  return (
    <div dir="auto" className="rounded-xl border border-line bg-surface p-4 wrap-anywhere whitespace-pre-wrap">
      {hidden > 0 && (
        <Button className="mb-3" onClick={() => setDrawn(drawn + BLOCKS_DRAWN)}>
          {said.earlier(Math.min(hidden, BLOCKS_DRAWN))}
        </Button>
      )}
      {blocks.slice(hidden).map((block, place) => (
        // oxlint-disable-next-line react/no-array-index-key -- blocks are only ever added, and two may be the same
        <Block key={hidden + place} text={block} />
      ))}
    </div>
  );
}

const Block = memo(function Block({ text }: { text: string }) {
  return <span>{escapeLines(text)}</span>;
});

function Tool({ part }: { part: ToolPart }) {
  return (
    <p className="text-sm text-muted">
      <bdi className="font-medium">{shortenText(part.name, NAME_CHARACTERS)}</bdi>:{" "}
      <bdi>
        <Say sentence={part.sentence} />
      </bdi>
    </p>
  );
}
