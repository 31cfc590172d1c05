export async function say(payload, ctx) {
  const { city, days, key } = ctx.env.settings
  return `${days} days of ${city}, ${typeof key}`
}
