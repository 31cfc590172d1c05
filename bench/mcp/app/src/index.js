// As the bare server: what it is told, and nothing else.
export function invoke(name, { text }) {
  return { data: { text }, summary: text };
}
