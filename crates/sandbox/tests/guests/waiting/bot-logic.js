// Promises, timers, AbortController.
export async function together() {
  const wait = (ms, value) => new Promise((resolve) => setTimeout(() => resolve(value), ms));
  return await Promise.all([wait(60, "a"), wait(60, "b"), wait(60, "c")]);
}

export async function ordered() {
  const seen = [];
  const done = new Promise((resolve) => setTimeout(() => resolve(), 30));
  setTimeout((what) => seen.push(what), 1, "timer");
  const cleared = setTimeout(() => seen.push("cleared"), 1);
  clearTimeout(cleared);
  clearTimeout(cleared);
  clearTimeout("nothing");
  queueMicrotask(() => seen.push("microtask"));
  let ticks = 0;
  const interval = setInterval(() => {
    if (++ticks === 3) {
      clearInterval(interval);
      seen.push("third tick");
    }
  }, 1);
  seen.push("now");
  await done;
  return seen;
}

export async function aborted() {
  const controller = new AbortController();
  const seen = [];
  controller.signal.addEventListener("abort", (event) => seen.push(event.type));
  controller.signal.onabort = () => seen.push("onabort");
  setTimeout(() => controller.abort(), 1);
  try {
    await new Promise((_, reject) => controller.signal.addEventListener("abort", () => reject(controller.signal.reason)));
  } catch (error) {
    seen.push(error.name);
  }
  controller.abort();
  try {
    controller.signal.throwIfAborted();
  } catch (error) {
    seen.push(error.name);
  }
  seen.push(AbortSignal.any([AbortSignal.abort("why"), AbortSignal.timeout(10_000)]).reason);
  return seen;
}

export function signal(_, ctx) {
  return [ctx.signal instanceof AbortSignal, ctx.signal.aborted, ctx.signal === ctx.signal];
}

export function never() {
  return new Promise(() => {});
}

export async function forgotten_effect(_, ctx) {
  ctx.storage.set("kept", 1);
  setTimeout(() => ctx.storage.set("late", 1), 10_000);
  return "done";
}

export async function forgotten_rejection(_, ctx) {
  ctx.storage.set("", 1);
  return "done";
}

export function late_throw() {
  setTimeout(() => {
    throw new Error("from a timer");
  }, 1);
  return new Promise(() => {});
}

export async function wait_long({ ms }) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "waited";
}

export function thenable() {
  return { then: (resolve) => resolve("from a thenable") };
}
