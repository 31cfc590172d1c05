const atLoad = { now: Date.now(), iso: new Date().toISOString(), random: Math.random() };

export function look(_, ctx) {
  return { atLoad, now: Date.now(), random: Math.random(), env: ctx.env, frozen: Object.isFrozen(ctx.env.deep), zone: new Date().getTimezoneOffset() };
}

export async function passes() {
  const before = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 40));
  return Date.now() - before;
}

export function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [String(Math.random()), [...bytes].join(), crypto.randomUUID()];
}
