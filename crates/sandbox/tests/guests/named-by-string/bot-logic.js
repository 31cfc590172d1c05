// S1's form: one function for all names.
export function activate(ctx) {}

export async function invoke(name, args, ctx) {
  return { name, args, storage: typeof ctx.storage.get };
}

export function deactivate(ctx) {
  return typeof ctx.storage.get;
}
