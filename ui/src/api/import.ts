// What takes long on the way from a found server to an installed app, told step by step.
import type { Schemas } from "./client";
import { frames } from "./events";
import { Problem } from "./problem";

type Reply = Schemas["Reply"];
type Sentence = Schemas["Sentence"];

/** How far it is. */
export interface Step {
  sentence: Sentence;
  done: number;
  total: number | null;
}
type Tell = (step: Step) => void;

/** Pins and packs a server, and answers with its card. Nothing is installed; `signal` ends it. */
export async function offerImport(
  body: Schemas["ImportOfferBody"],
  tell: Tell,
  signal: AbortSignal,
): Promise<Schemas["ImportOffered"]> {
  const reply = await stepped("/api/v1/imports/offer", body, tell, signal);
  if (reply.reply !== "imported") throw unexpected();
  return reply.imported;
}

/** Installs what was offered. It goes on where nobody listens any more: half of it is never there. */
export async function installOffer(
  offer: string,
  choices: Schemas["LineChoice"][],
  tell: Tell,
): Promise<Schemas["AppDetail"]> {
  const path = `/api/v1/offers/${encodeURIComponent(offer)}/install`;
  const reply = await stepped(path, { choices }, tell, new AbortController().signal);
  if (reply.reply !== "installed") throw unexpected();
  return reply.app;
}

async function stepped(path: string, body: object, tell: Tell, signal: AbortSignal): Promise<Reply> {
  for await (const frame of frames(path, { method: "POST", body: JSON.stringify(body), signal })) {
    switch (frame.frame) {
      case "step":
        tell({ sentence: frame.sentence, done: frame.done, total: frame.total ?? null });
        break;
      case "done":
        return frame.reply;
      case "failed": {
        const { code, message, hint } = frame.failure;
        throw new Problem({ code, detail: message, ...(hint ? { hint } : {}) });
      }
      default:
    }
  }
  throw unexpected();
}

const unexpected = () => new Problem({ code: "internal", detail: "oikos ended its answer without saying how it went" });
