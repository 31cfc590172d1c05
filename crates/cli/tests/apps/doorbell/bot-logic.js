// Hears the door: `home.door.*` is kept, a message about the door is answered.

const RINGS = "rings";

export function activate(ctx) {
  ctx.on("home.door.*", heard);
  ctx.on("user.message", answered, { priority: 10 });
}

async function heard(event, ctx) {
  const rings = (await ctx.storage.get(RINGS)) ?? [];
  rings.push(`${event.payload?.who ?? "somebody"} at ${event.topic}, as ${event.sender} says`);
  await ctx.storage.set(RINGS, rings);
  return `ring ${rings.length}`;
}

function answered(event) {
  return event.payload.text.includes("door") ? "The door is shut." : null;
}

export async function ring({ who }, ctx) {
  await ctx.storage.set("rung", ((await ctx.storage.get("rung")) ?? 0) + 1);
  await ctx.emit("home.door.back", { who });
  return "rang";
}

export async function rings(payload, ctx) {
  const rings = (await ctx.storage.get(RINGS)) ?? [];
  return rings.length === 0 ? "nobody rang" : rings.join("\n");
}

export async function flood(_, ctx) {
  for (let number = 0; number < 5_000; number++) {
    try {
      await ctx.emit("home.door.front", { who: number });
    } catch (error) {
      return `${error.code}: ${error.message}`;
    }
  }
  return "nobody minded";
}

export async function forge(_, ctx) {
  await ctx.emit("system.tick", {});
}
