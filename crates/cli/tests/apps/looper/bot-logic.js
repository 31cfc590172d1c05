// Says "spinning" so that a watcher knows it has begun, then never gives the processor back.
export async function* spin() {
  yield "spinning\n";
  for (;;);
}

export async function* wait(payload) {
  const { ms = 3_600_000, tick_ms: tickMs = ms } = payload;
  yield "waiting\n";
  const end = Date.now() + ms;
  for (let left = ms; left > 0; left = end - Date.now()) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, tickMs)));
    if (end > Date.now()) yield "still waiting\n";
  }
  return `waited ${ms} ms`;
}

export async function once(payload) {
  return payload.say ?? "done";
}
