export async function search({ query, groups }, ctx) {
  const words = (query ?? groups?.[0] ?? '').trim()
  await ctx.push_stream('search.results', { words, results: [] }, { renderer: 'search-cards' })
  return { data: { words, results: [] }, summary: `Nothing found for ${words}.`, renderer: 'search-cards' }
}
