export function sum({ numbers }) {
  if (numbers.length === 0) throw new Error("there is nothing to add up");
  return { data: { sum: numbers.reduce((sum, number) => sum + number, 0) }, summary: `${numbers.length} numbers` };
}

export async function copy({ from, to }, { tools: { file } }) {
  await file.write(to, await file.read(from));
  return "copied";
}
