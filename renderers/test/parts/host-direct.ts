// A host as others build theirs: the view is a document of its own below the page, with nothing of oikos between them.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";
import { answerOf, hostMain, resultOf } from "./host";

hostMain((frame, _origin, html, given, heard) => {
  const bridge = new AppBridge(
    null,
    { name: "direct", version: "1.0.0" },
    { openLinks: {}, downloadFile: {}, serverTools: {}, serverResources: {} },
    {
      // What the example host of MCP Apps says of itself.
      hostContext: {
        theme: "light",
        locale: "en",
        platform: "web",
        displayMode: "inline",
        availableDisplayModes: ["inline", "fullscreen"],
        containerDimensions: { maxHeight: 6_000 },
      },
    },
  );
  bridge.onsizechange = ({ height }) => {
    if (height !== undefined) heard.height(height);
  };
  bridge.oncalltool = ({ name }) => Promise.resolve(answerOf(given, name) as { content: [] });
  bridge.oninitialized = async () => {
    await bridge.sendToolInput({ arguments: given.asked ?? { asked: true } });
    await bridge.sendToolResult(resultOf(given) as { content: [] });
  };
  const window = frame.contentWindow;
  if (window === null) throw new Error("a frame without a window");
  void bridge.connect(new PostMessageTransport(window, window));
  frame.setAttribute("sandbox", "allow-scripts allow-forms");
  // What a frame is given so comes before what address it has.
  frame.srcdoc = html;
  return () => void bridge.close();
});
