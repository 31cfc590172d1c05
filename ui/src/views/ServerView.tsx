// What a tool of an MCP server answered, drawn by the view that its server has for that. The document is the one that the owner
// accepted with the tool; it stands in a frame that reaches nobody, and what it asks of its server goes through oikos.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { client, said } from "@/api/client";
import { reads } from "@/api/operations";
import { Problem } from "@/api/problem";
import { escapeText, shortenText } from "@/text/escape";
import { useViewWords } from "./host";
import { ResultView } from "./ResultView";
import { ViewFrame } from "./ViewFrame";

const PLACES_SHOWN = 5;
const PLACE_CHARACTERS = 80;

interface ServerViewProps {
  app: string;
  /** The address of the view, as the server says it. */
  uri: string;
  /** What the tool answered. */
  data: unknown;
  text?: string | null | undefined;
  /** With what it was called, where this window knows. */
  input?: unknown;
}

export default function ServerView({ app, uri, data, text, input }: ServerViewProps) {
  const words = useViewWords();
  const [asData, setAsData] = useState(false);
  const { data: view, error } = useQuery(reads.appView(app, uri));
  const ask = useCallback(
    async (method: string, params: object): Promise<object> => {
      const body = { view: uri, method, params };
      const { answer } = await said(client.POST("/api/v1/apps/{app}/view", { params: { path: { app } }, body }));
      return JSON.parse(answer) as object;
    },
    [app, uri],
  );
  const plain = <ResultView renderer="mcp" data={data} text={text} />;
  if (error) {
    const why = error instanceof Problem ? [error.message, error.hint].filter(Boolean).join(" · ") : String(error);
    return (
      <div className="oikos-view">
        <p className="view-note">{words.viewNotShown(escapeText(why))}</p>
        {plain}
      </div>
    );
  }
  if (view === undefined) return <p className="view-quiet">{words.viewWaits}</p>;
  const { origin, html, wanted = [] } = view;
  const answer = typeof data === "object" && data !== null ? data : { content: [] };
  return (
    <div className="oikos-view">
      {asData ? (
        plain
      ) : (
        <ViewFrame app={app} origin={origin} html={html} answer={answer} input={input} ask={ask} instead={plain} />
      )}
      {!asData && wanted.length > 0 && <p className="view-quiet">{words.viewWanted(places(wanted))}</p>}
      <button type="button" className="view-toggle" aria-pressed={asData} onClick={() => setAsData(!asData)}>
        {words.asAnswer}
      </button>
    </div>
  );
}

function places(wanted: readonly string[]): string {
  const shown = wanted.slice(0, PLACES_SHOWN).map((place) => shortenText(place, PLACE_CHARACTERS));
  return wanted.length > PLACES_SHOWN ? `${shown.join(", ")} …` : shown.join(", ");
}
