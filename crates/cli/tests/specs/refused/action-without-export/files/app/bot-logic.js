export async function gone() {
  return "gone";
}
