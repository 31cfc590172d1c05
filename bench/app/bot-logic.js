// The action that every contender runs. `runs` counts within one instance: an answer that says anything but 1 means
// that state leaked from one run into the next, and the measurement stops.
let runs = 0;

export async function echo(payload, ctx) {
  runs += 1;
  return { data: { text: payload.text, runs }, summary: payload.text };
}
