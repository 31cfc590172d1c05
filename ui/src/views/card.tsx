import schema from "../../../renderers/card/schema.json";
import { cellText } from "../../../renderers/shared/cells";
import type { CardData, Fact } from "../../../renderers/shared/data";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { ForeignLink } from "./ForeignLink";
import { useViewWords } from "./host";
import type { View } from "./view";

function Card({ data }: { data: CardData }) {
  const { title, subtitle, text, facts = [], links = [], footer } = data;
  return (
    <article className="view-card">
      <h3>{escapeText(title)}</h3>
      {subtitle !== undefined && <p className="view-quiet">{escapeText(subtitle)}</p>}
      {text !== undefined && <p className="view-lines">{escapeLines(text)}</p>}
      {facts.length > 0 && <Facts facts={facts} />}
      {links.length > 0 && (
        <ul className="view-plain-list">
          {each(links, ({ label, url }) => (
            <li>
              <ForeignLink label={label} url={url} />
            </li>
          ))}
        </ul>
      )}
      {footer !== undefined && <footer className="view-quiet">{escapeText(footer)}</footer>}
    </article>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  const words = useViewWords();
  return (
    <dl className="view-facts">
      {each(facts, ({ label, value }) => (
        <div>
          <dt>{escapeText(label)}</dt>
          <dd>
            <bdi>{cellText(value, words)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export const view: View<CardData> = { schema, text: texts.card, Drawing: Card };
