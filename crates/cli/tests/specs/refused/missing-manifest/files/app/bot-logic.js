export async function go() {
  return "gone";
}
