import { ViewBridge } from "../../../ui/src/views/bridge";
import { hostMain } from "./host";

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
  });
  bridge.resultSend({ asked: true }, { structuredContent: given.data, text: given.text });
  return () => bridge.close();
});
