// Whether this browser has seen the first steps, or skipped them.
const KEPT = "welcomed";

export const wasWelcomed = (): boolean => localStorage.getItem(KEPT) !== null;
export const rememberWelcome = (): void => localStorage.setItem(KEPT, "1");
