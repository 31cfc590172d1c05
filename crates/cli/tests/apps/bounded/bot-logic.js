export async function compute() {
  for (;;);
}

export async function* wait() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    yield "waiting\n";
  }
}

export async function eat() {
  const kept = [];
  for (;;) kept.push(new Uint8Array(65_536).fill(kept.length));
}

export async function once() {
  return "done";
}
