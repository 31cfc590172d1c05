import { ViewBridge } from "../../../ui/src/views/bridge";
import { answerOf, hostMain } from "./host";

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
  bridge.resultSend({ asked: true }, { structuredContent: given.data, text: given.text });
  return () => bridge.close();
});
