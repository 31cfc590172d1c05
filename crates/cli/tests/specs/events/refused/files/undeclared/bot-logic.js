export function activate(ctx) {
  ctx.on("user.message", () => "heard");
}
export function go() {}
export function rest() {}
