export function remember({ word }, ready) {
  return { data: { word, ready }, summary: `I remember ${word}.` }
}
