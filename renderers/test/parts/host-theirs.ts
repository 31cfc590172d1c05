import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";
import { answerOf, hostMain, resultOf } from "./host";

hostMain((frame, _origin, html, given, heard) => {
  const bridge = new AppBridge(
    null,
    { name: "theirs", version: "1.0.0" },
    { openLinks: {}, ...(given.answers ? { serverTools: {} } : {}) },
    { hostContext: { theme: "light", locale: "en" } },
  );
  bridge.onsandboxready = () => void bridge.sendSandboxResourceReady({ html });
  bridge.onsizechange = ({ height }) => {
    if (height !== undefined) heard.height(height);
  };
  if (given.answers) {
    bridge.oncalltool = ({ name }) => Promise.resolve(answerOf(given, name) as { content: [] });
  }
  bridge.onopenlink = ({ url }) => {
    heard.link(url);
    return Promise.resolve({});
  };
  bridge.oninitialized = async () => {
    await bridge.sendToolInput({ arguments: given.asked ?? { asked: true } });
    await bridge.sendToolResult(resultOf(given) as { content: [] });
  };
  const window = frame.contentWindow;
  if (window === null) throw new Error("a frame without a window");
  void bridge.connect(new PostMessageTransport(window, window));
  return () => void bridge.close();
});
