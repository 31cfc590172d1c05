import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "@/api/problem";
import { reads } from "@/api/operations";
import { escapeText } from "@/text/escape";
import { useViewWords } from "./host";
import { JsonTree } from "./JsonTree";
import { ResultView } from "./ResultView";
import { ViewFrame } from "./ViewFrame";

interface AppViewProps {
  app: string;
  /** The file of the app's package that draws. */
  path: string;
  data: unknown;
  text?: string | null | undefined;
}

/** What a run has to show, drawn by a view that its app brings along, where the owner lets it show one. */
export default function AppView({ app, path, data, text }: AppViewProps) {
  const words = useViewWords();
  const [asData, setAsData] = useState(false);
  const { data: view, error } = useQuery(reads.appView(app, path));
  if (error) {
    const why = error instanceof Problem ? [error.message, error.hint].filter(Boolean).join(" · ") : String(error);
    return (
      <div className="oikos-view">
        <p className="view-note">{words.viewNotShown(escapeText(why))}</p>
        <ResultView data={data} text={text} />
      </div>
    );
  }
  if (view === undefined) return <p className="view-quiet">{words.viewWaits}</p>;
  return (
    <div className="oikos-view">
      {asData ? <JsonTree data={data} /> : <ViewFrame app={app} {...view} data={data} text={text} />}
      <button type="button" className="view-toggle" aria-pressed={asData} onClick={() => setAsData(!asData)}>
        {words.asData}
      </button>
    </div>
  );
}
