export async function show(payload) {
  return { data: payload, summary: "what the view would have shown", renderer: `view:views/${payload.view}.html` };
}
