import { FILE_BYTES_MAX } from "@/api/files";
import { Button } from "@/components/Button";
import { Choice, INPUT } from "@/components/Field";
import { useLanguage, useWords } from "@/i18n";
import { bytesText } from "@/text/amounts";
import { escapeText, shortenText } from "@/text/escape";
import { firstChoice, wrongWith, type FileChoice } from "./fileFields";
import { words } from "./start-words";

export interface Handing {
  sentBytes: number;
  totalBytes: number;
  cancel(): void;
}

interface FileInputProps {
  id: string;
  label: string;
  access: "read" | "write";
  isFolder: boolean;
  isInvalid?: boolean;
  isDisabled?: boolean;
  describedBy?: string | undefined;
  choice: FileChoice;
  handing: Handing | null;
  onChoice(choice: FileChoice): void;
}

/** A file or folder for one run: of this device, or by its path where oikos runs. */
export function FileInput(props: FileInputProps) {
  const { id, label, access, isFolder, isInvalid = false, isDisabled = false, choice, handing, onChoice } = props;
  const said = useWords(words);
  const language = useLanguage();
  const wrong = wrongWith(choice);
  const way = choice.way === "path" ? "path" : "device";
  const describedBy = [props.describedBy, `${id}-more`].filter(Boolean).join(" ");
  const common = { id, disabled: isDisabled, "aria-describedby": describedBy };
  const invalid = isInvalid || wrong !== null ? true : undefined;
  return (
    <div className="space-y-2">
      {!isFolder && (
        <Choice
          legend={said.wayLegend(escapeText(label))}
          value={way}
          disabled={isDisabled}
          options={[
            { value: "device", label: said.device },
            { value: "path", label: said.here },
          ]}
          onChange={(next) =>
            onChoice(next === "path" ? { way: "path", path: "" } : firstChoice({ access, isFolder: false }))
          }
        />
      )}
      {choice.way === "device" && (
        <input
          {...common}
          type="file"
          aria-invalid={invalid}
          className={`${INPUT} file:me-3 file:rounded-md file:border-0 file:bg-raised file:px-3 file:py-1 file:text-ink`}
          onChange={(event) => onChoice({ way: "device", file: event.target.files?.[0] ?? null })}
        />
      )}
      {(choice.way === "path" || choice.way === "new") && (
        <input
          {...common}
          type="text"
          dir="ltr"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={invalid}
          placeholder={choice.way === "new" ? said.newName : isFolder ? said.pathFolder : said.pathFile}
          className={INPUT}
          value={choice.way === "path" ? choice.path : choice.called}
          onChange={({ target: { value } }) =>
            onChoice(choice.way === "path" ? { way: "path", path: value } : { way: "new", called: value })
          }
        />
      )}
      {choice.way === "handed" && (
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <bdi className="font-medium">{shortenText(choice.called, 120)}</bdi>
          <Button id={id} disabled={isDisabled} onClick={() => onChoice(firstChoice({ access, isFolder }))}>
            {said.chooseAnother}
          </Button>
        </p>
      )}
      <p id={`${id}-more`} className={`text-sm ${wrong ? "text-danger" : "text-muted"}`}>
        {wrong === "notAbsolute" && said.notAbsolute}
        {wrong === "tooLarge" && said.tooLarge(bytesText(FILE_BYTES_MAX, language))}
        {!wrong && choice.way === "path" && said.pathHelp[access]}
        {!wrong && choice.way === "new" && said.newNameHelp}
        {!wrong && choice.way === "handed" && said.handedBefore}
        {!wrong && choice.way === "device" && choice.file && (
          <bdi>{said.chosen(shortenText(choice.file.name, 120), bytesText(choice.file.size, language))}</bdi>
        )}
      </p>
      {handing && choice.way === "device" && choice.file && <Progress name={choice.file.name} handing={handing} />}
    </div>
  );
}

function Progress({ name, handing }: { name: string; handing: Handing }) {
  const said = useWords(words);
  const language = useLanguage();
  const { sentBytes, totalBytes, cancel } = handing;
  const shown = shortenText(name, 60);
  const amount = said.handed(bytesText(sentBytes, language), bytesText(totalBytes, language));
  return (
    <div className="flex flex-wrap items-center gap-3 text-sm">
      <progress
        aria-label={said.handing(shown)}
        aria-valuetext={amount}
        className="h-2 min-w-32 grow accent-accent"
        value={sentBytes}
        max={Math.max(totalBytes, 1)}
      />
      <span className="tabular-nums">{amount}</span>
      <Button aria-label={said.cancelHanding(shown)} onClick={cancel}>
        {said.cancel}
      </Button>
    </div>
  );
}
