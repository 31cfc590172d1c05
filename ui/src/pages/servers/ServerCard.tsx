import { memo } from "react";
import { Link } from "wouter";
import { useIsNear } from "@/components/near";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { acceptedOf, faultOf, stateOf, waitingOf, type Server } from "./state";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const PLACE_CHARACTERS_MAX = 120;
/** So many are drawn without asking whether they are in view. */
const AT_FIRST = 24;

/** One server. Each is drawn when it comes near the view. */
export const ServerCard = memo(function ServerCard({ server, place }: { server: Server; place: number }) {
  const { isNear, ref } = useIsNear(place < AT_FIRST);
  return isNear ? <Drawn server={server} /> : <li ref={ref} className="min-h-36" />;
});

function Drawn({ server }: { server: Server }) {
  const said = useWords(words);
  const { app, title, place, running, looked_at } = server;
  const state = stateOf(server);
  const waiting = waitingOf(server).length;
  const fault = faultOf(server);
  return (
    <li className="relative flex flex-col gap-2 rounded-xl border border-line bg-surface p-4 [contain-intrinsic-size:auto_9rem] [content-visibility:auto] focus-within:border-control hover:border-control">
      <h3 className="font-semibold">
        <Link href={to.server(app)} className="after:absolute after:inset-0">
          <bdi>{shortenText(title, TITLE_CHARACTERS_MAX)}</bdi>
        </Link>
      </h3>
      <p className="text-sm text-muted">
        <code className="font-mono wrap-anywhere">{shortenText(place, PLACE_CHARACTERS_MAX)}</code>
      </p>
      <p className="text-sm text-muted">
        {looked_at ? said.accepted(acceptedOf(server).length) : said.notLooked}
        {running && running.live_calls > 0 && ` · ${said.calls(running.live_calls)}`}
      </p>
      <p className="mt-auto flex flex-wrap gap-1.5">
        <Pill tone={state === "enabled" ? "good" : "neutral"}>{said.states[state]}</Pill>
        {running && (
          <Pill tone="info" icon="runs">
            {said.runsNow}
          </Pill>
        )}
        {fault && <Pill tone="danger">{fault.code === "sign_in_needed" ? said.wantsSignIn : said.failedLast}</Pill>}
        {waiting > 0 && (
          <Pill tone="caution" icon="inbox">
            {said.waits(waiting)}
          </Pill>
        )}
      </p>
    </li>
  );
}
