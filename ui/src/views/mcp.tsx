// What an MCP server answered. All of it is a stranger's: texts are texts, pictures and sounds are read before a browser
// gets them, and an address is opened only by a person who has seen it.
import { useMemo, useState } from "react";
import schema from "../../../renderers/mcp/schema.json";
import { addressOf } from "../../../renderers/shared/address";
import { numberText } from "../../../renderers/shared/cells";
import type { Cell, McpData, McpPart, McpResource } from "../../../renderers/shared/data";
import { escapeLines, escapeText, shortenText } from "../../../renderers/shared/escape";
import { bytesOf, pictureOf, soundOf, type Picture, type Sound } from "../../../renderers/shared/media";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { Facts } from "./facts";
import { ForeignLink } from "./ForeignLink";
import { useViewWords } from "./host";
import { JsonTree } from "./JsonTree";
import { canPlay, useSound } from "./sound";
import type { View } from "./view";

/** Drawn at once; more comes when somebody asks for it. */
const PARTS_SHOWN = 100;
const CHARACTERS_SHOWN = 20_000;
const CHARACTERS_MAX = 200_000;
const NAME_CHARACTERS = 400;
const FACTS_MAX = 200;

function Mcp({ data }: { data: McpData }) {
  const words = useViewWords();
  const { content = [], structuredContent, contents = [], messages = [], isError = false } = data;
  const refusal = data["mcp/refusal"];
  const hasData = structuredContent !== undefined && structuredContent !== null;
  // For clients that know no structured data it is said once more, as text.
  const parts = hasData ? content.filter((part) => !saysAgain(part, structuredContent)) : content;
  const isNothing = parts.length + contents.length + messages.length === 0 && !hasData && !refusal;
  return (
    <div className="view-parts">
      {isError && <p className="view-state view-state-failed">{words.toolFailed}</p>}
      {refusal && <Refused {...refusal} />}
      <Parts parts={parts} />
      {each(contents.slice(0, PARTS_SHOWN), (resource) => (
        <Resource resource={resource} />
      ))}
      {each(messages.slice(0, PARTS_SHOWN), ({ role, content }) => (
        <section>
          <h3>{shortenText(role, NAME_CHARACTERS)}</h3>
          <Part part={content} />
        </section>
      ))}
      {hasData && (
        <section>
          {parts.length > 0 && <h3>{words.structured}</h3>}
          <Structured data={structuredContent} />
        </section>
      )}
      {isNothing && <p className="view-quiet">{words.nothing}</p>}
    </div>
  );
}

function Refused({ code, message, data }: NonNullable<McpData["mcp/refusal"]>) {
  const words = useViewWords();
  return (
    <section>
      <p className="view-state view-state-failed">{words.toolRefused(code === undefined ? "" : String(code))}</p>
      <Text text={message} />
      {data !== undefined && data !== null && <JsonTree data={data} />}
    </section>
  );
}

function Parts({ parts }: { parts: readonly McpPart[] }) {
  const words = useViewWords();
  const [shown, setShown] = useState(PARTS_SHOWN);
  const hidden = parts.length - shown;
  return (
    <>
      {each(parts.slice(0, shown), (part) => (
        <Part part={part} />
      ))}
      {hidden > 0 && (
        <p>
          <button type="button" className="view-link" onClick={() => setShown(shown + PARTS_SHOWN)}>
            {words.more(numberText(Math.min(hidden, PARTS_SHOWN), words.language))}
          </button>
        </p>
      )}
    </>
  );
}

function Part({ part }: { part: McpPart }) {
  const words = useViewWords();
  const { type, text, data, mimeType, resource } = part;
  if (type === "text" && text !== undefined) return <Text text={text} />;
  if ((type === "image" || type === "audio") && data !== undefined) return <Media type={mimeType} data={data} />;
  if (type === "resource" && resource) return <Resource resource={resource} />;
  if (type === "resource_link" && part.uri !== undefined) return <Elsewhere {...part} uri={part.uri} />;
  return (
    <section>
      <p className="view-quiet">{words.partOf(shortenText(type, NAME_CHARACTERS))}</p>
      <JsonTree data={part} />
    </section>
  );
}

function Text({ text }: { text: string }) {
  const words = useViewWords();
  const [isWhole, setWhole] = useState(false);
  const shown = text.slice(0, isWhole ? CHARACTERS_MAX : CHARACTERS_SHOWN);
  return (
    <>
      <p className="view-lines" dir="auto">
        {escapeLines(shown)}
        {shown.length < text.length && "…"}
      </p>
      {!isWhole && shown.length < text.length && (
        <p>
          <button type="button" className="view-link" onClick={() => setWhole(true)}>
            {words.moreText(numberText(text.length, words.language))}
          </button>
        </p>
      )}
    </>
  );
}

/** A picture, a sound, or how large it is where it is neither. */
function Media({ type, data }: { type: string | undefined; data: string }) {
  const words = useViewWords();
  const picture = useMemo(() => pictureOf(type, data), [type, data]);
  const sound = useMemo(() => (picture || !canPlay() ? undefined : soundOf(type, data)), [picture, type, data]);
  if (picture) return <Shown picture={picture} />;
  const name = type === undefined || type === "" ? words.noKind : shortenText(type, NAME_CHARACTERS);
  if (sound) return <Heard name={name} sound={sound} />;
  const bytes = numberText(bytesOf(data)?.length ?? data.length, words.language);
  return <p className="view-quiet">{words.notShown(name, bytes)}</p>;
}

function Shown({ picture }: { picture: Picture }) {
  const words = useViewWords();
  const { type, width, height, source } = picture;
  const said = words.pictureOf(type, numberText(width, words.language), numberText(height, words.language));
  return (
    <figure>
      <img className="view-picture" src={source} width={width} height={height} alt={said} decoding="async" />
      <figcaption className="view-quiet" aria-hidden="true">
        {said}
      </figcaption>
    </figure>
  );
}

function Heard({ name, sound }: { name: string; sound: Sound }) {
  const words = useViewWords();
  const { isPlaying, play, stop } = useSound(sound);
  return (
    <p className="view-sound">
      <button type="button" className="view-toggle" onClick={isPlaying ? stop : play}>
        {isPlaying ? words.stopSound : words.play}
      </button>{" "}
      <span className="view-quiet">{words.sound(name)}</span>
    </p>
  );
}

function Resource({ resource }: { resource: McpResource }) {
  const { uri, mimeType, text, blob } = resource;
  return (
    <article className="view-card">
      <h3>
        <bdi>{escapeText(uri)}</bdi>
      </h3>
      {mimeType !== undefined && mimeType !== "" && (
        <p className="view-quiet">{shortenText(mimeType, NAME_CHARACTERS)}</p>
      )}
      {text !== undefined && <Text text={text} />}
      {blob !== undefined && <Media type={mimeType} data={blob} />}
    </article>
  );
}

function Elsewhere({ uri, name, title, description, mimeType }: McpPart & { uri: string }) {
  const words = useViewWords();
  const called = title ?? name;
  const canOpen = addressOf(uri) !== undefined;
  return (
    <article className="view-card">
      {called !== undefined && called !== "" && (
        <h3>
          <bdi>{shortenText(called, NAME_CHARACTERS)}</bdi>
        </h3>
      )}
      <p>
        {canOpen ? <ForeignLink label={uri} url={uri} /> : <bdi>{escapeText(uri)}</bdi>}
        {canOpen && <span className="view-quiet"> ({words.elsewhere})</span>}
      </p>
      {description !== undefined && <Text text={description} />}
      {mimeType !== undefined && <p className="view-quiet">{shortenText(mimeType, NAME_CHARACTERS)}</p>}
    </article>
  );
}

function Structured({ data }: { data: unknown }) {
  const facts = factsOf(data);
  return facts ? <Facts entries={facts} /> : <JsonTree data={data} />;
}

/** The entries of an object that has nothing inside of its values. */
function factsOf(data: unknown): { key: string; value: Cell }[] | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const entries = Object.entries(data);
  if (entries.length === 0 || entries.length > FACTS_MAX) return undefined;
  const facts = entries.flatMap(([key, value]) => (isCell(value) ? [{ key, value }] : []));
  return facts.length === entries.length ? facts : undefined;
}

const isCell = (value: unknown): value is Cell =>
  value === null ||
  typeof value === "number" ||
  typeof value === "boolean" ||
  (typeof value === "string" && value.length <= CHARACTERS_SHOWN);

function saysAgain({ type, text }: McpPart, data: unknown): boolean {
  if (type !== "text" || text === undefined) return false;
  try {
    return canonical(JSON.parse(text)) === canonical(data);
  } catch {
    return false;
  }
}

/** The same text for the same value, in whatever order its entries come. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

export const view: View<McpData> = { schema, text: texts.mcp, Drawing: Mcp };
