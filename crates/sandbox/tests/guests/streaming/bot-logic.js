// Generators and push_stream.
export async function* words({ count }) {
  for (let i = 0; i < count; i++) {
    await null;
    yield `w${i} `;
  }
  return { data: count, summary: "all words" };
}

export function* steps() {
  yield "one";
  yield { step: 2 };
  yield undefined;
  yield [3];
  return "end";
}

export async function pushes({ count }, ctx) {
  for (let i = 0; i < count; i++) await ctx.push_stream("rows", { i }, { renderer: "table" });
  return count;
}

export async function* breaks() {
  yield "before";
  throw new RangeError("in the middle");
}

export async function bad_payload(_, ctx) {
  const codes = [];
  for (const payload of [undefined, () => {}]) {
    try {
      await ctx.push_stream("t", payload);
    } catch (error) {
      codes.push(error.code);
    }
  }
  return codes;
}
