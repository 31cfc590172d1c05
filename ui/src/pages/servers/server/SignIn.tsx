import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { acts, reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Elapsed, Time } from "@/components/Time";
import { useWords } from "@/i18n";
import type { Server } from "../state";
import { words } from "./sign-in-words";

/** How far it is: nobody began, the server is asked, somebody is at a foreign page, or it came to nothing. */
type Stage =
  | { at: "rest" }
  | { at: "asking"; since: number }
  | { at: "page"; since: number; address: string | null }
  | { at: "failed"; error: unknown };

/** Signing in to a server elsewhere, and forgetting that. */
export function SignIn({ server, lead }: { server: Server; lead: string }) {
  const said = useWords(words);
  const { stage, signIn, signOut } = useSignIn(server.app);
  const since = server.signed_in_at ?? null;
  return (
    <div className="space-y-3 text-sm">
      {since === null ? (
        <p>{lead}</p>
      ) : (
        <p>
          {said.since} <Time at={since} />
        </p>
      )}
      {stage.at === "failed" && <Failed error={stage.error} />}
      {stage.at === "asking" && (
        <p role="status">
          {said.asking} <Elapsed from={stage.since} />
        </p>
      )}
      {stage.at === "page" && (
        <div className="space-y-2">
          <p role="status">
            {said.waiting} <Elapsed from={stage.since} />
          </p>
          <p>{said.waitingHelp}</p>
          {stage.address !== null && (
            <a
              href={stage.address}
              target="_blank"
              rel="noopener noreferrer"
              className="inline-flex min-h-6 items-center text-accent underline underline-offset-2 hover:text-accent-strong"
            >
              {said.open(new URL(stage.address).host)}
            </a>
          )}
        </div>
      )}
      <p className="flex flex-wrap items-center gap-3">
        {since === null ? (
          <Button busy={stage.at === "asking" || stage.at === "page"} onClick={signIn}>
            {said.start}
          </Button>
        ) : (
          <>
            <Button onClick={signOut}>{said.forget}</Button>
            <span className="text-muted">{said.forgetHelp}</span>
          </>
        )}
      </p>
    </div>
  );
}

function useSignIn(app: string) {
  const said = useWords(words);
  const queries = useQueryClient();
  const [stage, setStage] = useState<Stage>({ at: "rest" });
  // Whoever has left the page is not told how it ended: the server's page says it when they come back.
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => void (here.current = false);
  }, []);
  const again = () => void queries.invalidateQueries({ queryKey: ["servers"] });
  const signIn = async () => {
    const since = Date.now();
    setStage({ at: "asking", since });
    try {
      let { sign_in } = await acts.serverSignIn(app, {});
      const page = pageOf(sign_in.address);
      if (page !== null) window.open(page, "_blank", "noopener,noreferrer");
      while (!sign_in.done && here.current) {
        setStage({ at: "page", since, address: pageOf(sign_in.address) });
        ({ sign_in } = await acts.serverSignInWait(app));
      }
      if (!here.current) return;
      setStage({ at: "rest" });
      again();
      announce(said.done);
    } catch (error) {
      if (here.current) setStage({ at: "failed", error });
    }
  };
  const signOut = async () => {
    try {
      const answer = await acts.serverSignOut(app);
      queries.setQueryData(reads.serverInfo(app).queryKey, answer);
      setStage({ at: "rest" });
      again();
      announce(said.forgotten);
    } catch (error) {
      setStage({ at: "failed", error });
    }
  };
  return { stage, signIn: () => void signIn(), signOut: () => void signOut() };
}

/** What a browser opens as a page, and nothing that it would run. */
function pageOf(address: string | null | undefined): string | null {
  return address && /^https?:/.test(address) ? address : null;
}
