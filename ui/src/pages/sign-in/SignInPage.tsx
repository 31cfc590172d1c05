import { useEffect, useState, type ReactNode } from "react";
import type { Problem } from "@/api/problem";
import { Announcements } from "@/components/Announce";
import { Button, Spinner } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Panel } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { useNow } from "@/components/Time";
import { useLanguage, useWords } from "@/i18n";
import { arrival, useArrival } from "@/live/arrival";
import { useIsSignedIn } from "@/live/use";
import { millisText } from "@/text/amounts";
import { linkIn } from "./link";
import { words } from "./words";

/** Before anybody is signed in, and while a link signs somebody in. */
export default function SignInPage() {
  const said = useWords(words);
  const { state } = useArrival();
  useEffect(() => {
    document.title = `${said.title} · oikos`;
  }, [said]);
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-xl flex-col justify-center px-4 py-10 sm:px-6">
      {/* All that a search engine ever sees of oikos. robots.txt lets it come this far, or it would list the address unseen. */}
      <meta name="robots" content="noindex" />
      <p className="mb-6 flex items-center gap-2 text-lg font-semibold">
        <img src="/icon.svg" alt="" className="size-8" /> oikos
      </p>
      <h1 className="text-2xl font-semibold tracking-tight">{said.title}</h1>
      {state === "busy" ? (
        <p role="status" className="flex items-center gap-2 py-6 text-muted">
          <Spinner /> {said.busy}
        </p>
      ) : (
        <Way />
      )}
      <Announcements />
    </main>
  );
}

function Way() {
  const said = useWords(words);
  const now = useArrival();
  const isSignedIn = useIsSignedIn();
  return (
    <div className="mt-1 space-y-5">
      <p className="text-muted">{said.lead}</p>
      {now.state === "failed" && <Refused problem={now.problem} at={now.at} />}
      {now.state === "failed" && isSignedIn && (
        <div className="flex flex-wrap items-center gap-3 text-sm">
          {said.still} <Button onClick={arrival.forget}>{said.stay}</Button>
        </div>
      )}
      <Panel>
        <h2 className="mb-3 font-semibold">{said.how}</h2>
        <ul className="space-y-3">
          <Command line={said.start}>{said.startThen}</Command>
          <Command line={said.another}>{said.anotherThen}</Command>
        </ul>
      </Panel>
      <Enter />
    </div>
  );
}

function Command({ line, children }: { line: string; children: ReactNode }) {
  return (
    <li className="text-sm">
      <div className="flex flex-wrap items-center gap-2">
        <code className="rounded bg-raised px-2 py-1 font-mono">{line}</code>
        <CopyButton text={line} />
      </div>
      <p className="text-muted">{children}</p>
    </li>
  );
}

function Enter() {
  const said = useWords(words);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        const link = linkIn(text);
        setWrong(!link);
        if (link) void arrival.use(link);
      }}
    >
      <TextField
        label={said.link}
        help={said.linkHelp}
        problem={wrong ? said.noLink : null}
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="font-mono"
      />
      <Button type="submit" look="main">
        {said.enter}
      </Button>
    </form>
  );
}

/** Why a link did not sign anybody in, and what to do about it. */
function Refused({ problem, at }: { problem: Problem; at: number }) {
  const said = useWords(words);
  if (problem.code === "rate_limited") return <TooMany until={at + (problem.waitSeconds ?? 0) * 1_000} />;
  if (problem.code !== "unauthenticated") return <Failed error={problem} />;
  // What oikos proposes here is for programs with keys; a person at a page wants another link.
  const isBroken = problem.message.includes("checksum");
  return (
    <div role="alert">
      <Notice tone="danger" title={said.failed}>
        <p>{isBroken ? said.broken : said.used}</p>
        {!isBroken && <code className="font-mono">oikos login link</code>}
      </Notice>
    </div>
  );
}

function TooMany({ until }: { until: number }) {
  const said = useWords(words);
  const language = useLanguage();
  const left = Math.ceil((until - useNow(1_000)) / 1_000);
  return (
    <div role="alert">
      <Notice tone="danger" title={said.failed}>
        <p>{left > 0 ? said.wait(millisText(left * 1_000, language)) : said.waited}</p>
      </Notice>
    </div>
  );
}
