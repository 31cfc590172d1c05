import { App } from "@modelcontextprotocol/ext-apps/app-with-deps";

// The least that a view by the official library does: it says what it was given, and asks for one thing.
const said = document.createElement("pre");
document.body.append(said);
const app = new App({ name: "theirs", version: "1.0.0" }, {}, { autoResize: true });
app.ontoolresult = (result) => {
  said.textContent = JSON.stringify(result.structuredContent);
  void app.openLink({ url: "https://example.com/from-theirs" }).then((answer) => {
    said.dataset["answer"] = JSON.stringify(answer);
  });
};
void app.connect();
