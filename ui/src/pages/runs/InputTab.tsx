import { Empty, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText, shortenText } from "@/text/escape";
import { ResultView } from "@/views/ResultView";
import { rememberedRun } from "./remembered";
import { words } from "./words";

const NAME_CHARACTERS = 200;

/** What the run was given. Only the window that started it knows. */
export function InputTab({ run }: { run: string }) {
  const said = useWords(words);
  const given = rememberedRun(run);
  if (!given) return <Empty title={said.unknownInput}>{said.unknownInputHelp}</Empty>;
  const { input, files } = given;
  const isEmpty = input === null || (typeof input === "object" && Object.keys(input as object).length === 0);
  return (
    <>
      {isEmpty ? <p className="mb-6 text-muted">{said.noInput}</p> : <ResultView data={input} />}
      {files.length > 0 && (
        <div className="mt-6">
          <Section title={said.filesGiven}>
            <dl className="space-y-2 text-sm">
              {files.map((file) => (
                <div key={file.name}>
                  <dt className="text-muted">
                    <bdi>{escapeText(file.name)}</bdi>
                  </dt>
                  <dd>
                    <bdi className="font-mono">{shortenText(file.path ?? file.called, NAME_CHARACTERS)}</bdi>
                    {file.handed && file.access === "read" && <span className="text-muted"> · {said.fileDevice}</span>}
                  </dd>
                </div>
              ))}
            </dl>
          </Section>
        </div>
      )}
    </>
  );
}
