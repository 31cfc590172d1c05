import { useState } from "react";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { Code } from "./Covered";
import { isLive, proposedFolders, type CardLine, type GrantView, type Wanted } from "./choices";
import { words } from "./words";

interface FoldersProps {
  line: CardLine | GrantView;
  wanted: Wanted;
  disabled: boolean;
  /** A change is on its way: nothing is changed meanwhile. */
  busy: boolean;
  onFolders(folders: readonly string[]): void;
}

/** The folders of a line for files: only the owner names them. */
export function Folders({ line, wanted, disabled, busy, onFolders }: FoldersProps) {
  const said = useWords(words);
  const [draft, setDraft] = useState("");
  const [isWrong, setIsWrong] = useState(false);
  const proposed = proposedFolders(line).filter((folder) => !wanted.folders.includes(folder));
  const isBlocked = wanted.state === "block";
  // What was granted can be replaced and blocked, and not be emptied.
  const canRemove = !isLive(line) || wanted.folders.length > 1;
  const add = () => {
    if (busy) return;
    const folder = draft.trim();
    if (!/^(\/|[A-Za-z]:[\\/])/.test(folder)) return setIsWrong(true);
    setDraft("");
    setIsWrong(false);
    onFolders([...wanted.folders.filter((known) => known !== folder), folder]);
  };
  return (
    <div className="space-y-2">
      {wanted.folders.length > 0 ? (
        <div className="text-sm">
          <p className="text-muted">{said.chosenFolders}</p>
          <ul className="mt-1 space-y-1">
            {wanted.folders.map((folder) => (
              <li key={folder} className="flex flex-wrap items-center gap-2">
                <Code text={folder} />
                {canRemove && !isBlocked && (
                  <Button
                    look="quiet"
                    busy={busy}
                    disabled={disabled}
                    aria-label={said.removeFolder(escapeText(folder))}
                    onClick={() => onFolders(wanted.folders.filter((known) => known !== folder))}
                  >
                    {said.remove}
                  </Button>
                )}
              </li>
            ))}
          </ul>
          {!canRemove && !isBlocked && <p className="mt-1 text-muted">{said.lastFolder}</p>}
        </div>
      ) : (
        !isBlocked && <p className="text-sm text-caution">{said.noFolder[wanted.state]}</p>
      )}
      {proposed.length > 0 && (
        <p className="text-sm text-muted">
          {said.proposed}{" "}
          {proposed.map((folder) => (
            <span key={folder} className="me-1">
              <Code text={folder} />
            </span>
          ))}
        </p>
      )}
      {!isBlocked && (
        <form
          className="flex flex-wrap items-start gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <div className="min-w-56 grow">
            <TextField
              label={said.folder(line.line)}
              help={said.folderHelp}
              problem={isWrong ? said.folderWhole : null}
              value={draft}
              disabled={disabled}
              autoComplete="off"
              spellCheck={false}
              placeholder="/…"
              onChange={(event) => setDraft(event.target.value)}
            />
          </div>
          <Button type="submit" className="mt-6.5" busy={busy} disabled={disabled || draft.trim() === ""}>
            {said.addFolder}
          </Button>
        </form>
      )}
    </div>
  );
}
