// One server, as somebody has it from its documentation: a command or an address, and what it is given.
import { useId, useRef, useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { Choice, TextField } from "@/components/Field";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { Code } from "@/pages/apps/lines/Covered";
import { escapeText } from "@/text/escape";
import { each } from "@/views/each";
import { split } from "./split";
import { words } from "./words";

type Way = "command" | "address";
type Fault = "name" | "command" | "open" | "address" | "pair";

const WAYS: readonly Way[] = ["command", "address"];

interface Pair {
  id: number;
  name: string;
  value: string;
}

interface EntryProps {
  /** In the words of a client's configuration. */
  onEntry(name: string, entry: object): void;
  /** What sends it. */
  children: ReactNode;
}

export function Entry({ onEntry, children }: EntryProps) {
  const said = useWords(words);
  const [name, setName] = useState("");
  const [way, setWay] = useState<Way>("command");
  const [command, setCommand] = useState("");
  const [address, setAddress] = useState("");
  const [pairs, setPairs] = useState<readonly Pair[]>([]);
  const [fault, setFault] = useState<Fault | null>(null);
  const line = split(command);
  const send = () => {
    const wrong = faultOf();
    setFault(wrong);
    if (wrong) return;
    const given = Object.fromEntries(pairs.filter(isSaid).map(({ name, value }) => [name.trim(), value]));
    const [program, ...args] = line.words;
    onEntry(
      name.trim(),
      way === "command"
        ? { command: program, args, env: given }
        : { type: "http", url: address.trim(), headers: given },
    );
  };
  const faultOf = (): Fault | null => {
    if (name.trim() === "") return "name";
    if (way === "command" && line.isOpen) return "open";
    if (way === "command" && !line.words[0]) return "command";
    if (way === "address" && !isAddress(address.trim())) return "address";
    return pairs.some((pair) => isSaid(pair) && pair.name.trim() === "") ? "pair" : null;
  };
  return (
    <form
      noValidate
      className="space-y-4"
      onChange={() => setFault(null)}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextField
        label={said.name}
        help={said.nameHelp}
        problem={fault === "name" ? said.nameLacks : null}
        value={name}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <Choice
        legend={said.reached}
        value={way}
        options={WAYS.map((value) => ({ value, label: said.ways[value] }))}
        onChange={(next: Way) => setWay(next)}
      />
      {way === "command" ? (
        <div className="space-y-2">
          <TextField
            label={said.command}
            help={said.commandHelp}
            problem={fault === "command" ? said.commandLacks : fault === "open" ? said.commandOpen : null}
            value={command}
            required
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            className="font-mono text-sm"
            onChange={(event) => setCommand(event.target.value)}
          />
          {line.words.length > 0 && <Words words={line.words} />}
          {line.hasShell && <Notice tone="caution">{said.commandShell}</Notice>}
        </div>
      ) : (
        <TextField
          label={said.address}
          help={said.addressHelp}
          problem={fault === "address" ? said.addressWrong : null}
          value={address}
          required
          type="url"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setAddress(event.target.value)}
        />
      )}
      <Pairs way={way} pairs={pairs} problem={fault === "pair" ? said.pairLacks : null} onPairs={setPairs} />
      {children}
    </form>
  );
}

const isSaid = ({ name, value }: Pair): boolean => name.trim() !== "" || value !== "";
const isAddress = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);

/** What becomes of the command line, word by word. */
function Words({ words: line }: { words: readonly string[] }) {
  const said = useWords(words);
  return (
    <div className="text-sm">
      <p className="text-muted">{said.commandWords}</p>
      <ol className="mt-1 flex flex-wrap gap-1.5">
        {each(line, (word) => (
          <li className="wrap-anywhere">
            {word === "" ? <i className="text-xs text-muted">{said.emptyWord}</i> : <Code text={word} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

interface PairsProps {
  way: Way;
  pairs: readonly Pair[];
  problem: string | null;
  onPairs(pairs: readonly Pair[]): void;
}

function Pairs({ way, pairs, problem, onPairs }: PairsProps) {
  const said = useWords(words);
  const help = useId();
  const add = useRef<HTMLSpanElement>(null);
  const change = (id: number, part: Partial<Pair>) =>
    onPairs(pairs.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)));
  return (
    <fieldset aria-describedby={help}>
      <legend className="text-sm font-medium">{said.given[way]}</legend>
      <p id={help} className="mt-1 text-sm text-muted">
        {said.givenHelp}
      </p>
      <ul className="mt-2 space-y-3 empty:hidden">
        {pairs.map(({ id, name, value }, place) => (
          <li key={id} className="grid items-end gap-2 sm:grid-cols-[1fr_1fr_auto]">
            <TextField
              label={`${said.givenName} ${place + 1}`}
              problem={value !== "" && name.trim() === "" ? problem : null}
              value={name}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              onChange={(event) => change(id, { name: event.target.value })}
            />
            <TextField
              label={`${said.givenValue} ${place + 1}`}
              type="password"
              value={value}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change(id, { value: event.target.value })}
            />
            <Button
              look="quiet"
              aria-label={
                name.trim() === "" ? `${said.removeGivenPlain} ${place + 1}` : said.removeGiven(escapeText(name))
              }
              onClick={() => {
                onPairs(pairs.filter((pair) => pair.id !== id));
                add.current?.querySelector("button")?.focus();
              }}
            >
              {said.removeGivenPlain}
            </Button>
          </li>
        ))}
      </ul>
      <span ref={add} className="mt-2 inline-block">
        <Button
          onClick={() =>
            onPairs([...pairs, { id: 1 + Math.max(0, ...pairs.map(({ id }) => id)), name: "", value: "" }])
          }
        >
          {said.addGiven}
        </Button>
      </span>
    </fieldset>
  );
}
