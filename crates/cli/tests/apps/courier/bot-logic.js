export async function send({ url, method, headers, body }, ctx) {
  console.log(`sending ${body} to ${url}`);
  const response = await ctx.tools.http.fetch(url, { method: method ?? "POST", headers, body });
  const said = await response.text();
  return { data: { status: response.status, said }, summary: `${response.status}: ${said}` };
}
