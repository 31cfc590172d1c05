const secret = crypto.randomUUID();

export async function go() {
  return secret;
}
