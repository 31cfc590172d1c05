export async function get_weather({ city }, ctx) {
  try {
    return await ctx.tools.mcp.call('search_web', 'search', { query: `weather ${city}` })
  } catch (error) {
    return { data: { city, days: [] }, summary: `No forecast for ${city}: ${error.code}.` }
  }
}
