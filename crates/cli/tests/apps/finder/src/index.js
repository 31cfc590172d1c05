// What a renderer draws: two things that are found, whatever the word.
export function find({ word }) {
  const results = ["here", "there"].map((place) => ({ title: `${word}, ${place}`, text: `Something ${place}.` }));
  return { data: { results }, summary: `${results.length} things for ${word}`, renderer: "search-cards" };
}
