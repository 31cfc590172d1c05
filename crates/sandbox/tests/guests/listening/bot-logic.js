// Hears events, and tells of some.

export function activate(ctx) {
  const mistakes = [
    () => ctx.on("home.arrived", "no function"),
    () => ctx.on(5, () => {}),
    () => ctx.on("home.arrived", () => {}, { priority: 101 }),
    () => ctx.on("home.arrived", () => {}, { priority: 0.5 }),
    () => ctx.on("x".repeat(129), () => {}),
  ];
  for (const mistake of mistakes) {
    try {
      mistake();
    } catch (error) {
      if (error.code === "invalid_input") continue;
    }
    throw new Error(`not refused: ${mistake}`);
  }
  ctx.on("home.arrived", (event) => `first ${event.payload.who}`);
  ctx.on("user.*", () => undefined, { priority: -100 });
  ctx.on("home.arrived", async (event) => `third ${event.payload.who}`, { priority: 100 });
}

export async function act({ text }, ctx) {
  await ctx.emit(`home.${text}`, { text });
  await ctx.emit("home.nothing");
  return { data: await ctx.storage.get("emitted") };
}

// Not a listener, whatever it calls itself.
function forged() {}
export { forged as "on:0:0:system.tick" };
