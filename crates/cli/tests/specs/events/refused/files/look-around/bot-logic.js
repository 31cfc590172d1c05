export function go() {}
export function rest() {}
