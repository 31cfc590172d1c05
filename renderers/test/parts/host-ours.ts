import { ViewBridge } from "../../../ui/src/views/bridge";
import { answerOf, hostMain, resultOf } from "./host";

const nameOf = (params: object): unknown => ("name" in params ? params.name : undefined);

hostMain((frame, origin, html, given, heard) => {
  const bridge = new ViewBridge({
    self: window,
    frame: () => frame.contentWindow,
    origin,
    html,
    context: { theme: "light", locale: "en" },
    now: () => performance.now(),
    onHeight: heard.height,
    onStop: heard.stopped,
    openLink(url) {
      heard.link(url);
      return Promise.resolve(true);
    },
    saveFile: () => Promise.resolve(false),
    ...(given.answers ? { ask: (_method, params) => Promise.resolve(answerOf(given, nameOf(params))) } : {}),
  });
  bridge.answerSend(given.asked ?? { asked: true }, resultOf(given));
  return () => bridge.close();
});
