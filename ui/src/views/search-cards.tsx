import schema from "../../../renderers/search-cards/schema.json";
import { numberText } from "../../../renderers/shared/cells";
import { addressOf } from "../../../renderers/shared/address";
import type { SearchData } from "../../../renderers/shared/data";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { timeText } from "../../../renderers/shared/time";
import { each } from "./each";
import { ForeignLink } from "./ForeignLink";
import { useViewWords } from "./host";
import type { View } from "./view";

function SearchCards({ data }: { data: SearchData }) {
  const words = useViewWords();
  const { query, results } = data;
  const said = (count: number) => numberText(count, words.language);
  return (
    <section>
      <h3>
        {words.results(said(results.length), said(Math.max(data.total ?? 0, results.length)))}
        {query !== undefined && ` ${words.resultsFor(escapeText(query))}`}
      </h3>
      <ol className="view-cards">
        {each(results, (result) => (
          <li className="view-card">
            <Result result={result} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Result({ result }: { result: SearchData["results"][number] }) {
  const { language } = useViewWords();
  const { title, url, text, source, date } = result;
  // Who answers is said by the address itself before the app says it.
  const host = url === undefined ? undefined : addressOf(url)?.host;
  const facts = [host, source === host ? undefined : source, date === undefined ? undefined : timeText(date, language)];
  return (
    <>
      <h4>{url === undefined ? <bdi>{escapeText(title)}</bdi> : <ForeignLink label={title} url={url} />}</h4>
      <p className="view-quiet">
        {facts
          .filter((fact) => fact !== undefined)
          .map(escapeText)
          .join(" · ")}
      </p>
      {text !== undefined && <p className="view-lines">{escapeLines(text)}</p>}
    </>
  );
}

export const view: View<SearchData> = { schema, text: texts["search-cards"], Drawing: SearchCards };
