/** Dates and times between what JSON Schema names (RFC 3339) and what a browser's own pickers hold. */

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/** Whether a date picker shows this text; it would show anything else as empty. */
export const isDate = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`);
  return DATE.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

/** What a picker holds, with this computer's offset from UTC at that moment. */
export const withOffset = (local: string): string => {
  const minutes = -new Date(local).getTimezoneOffset();
  if (!LOCAL.test(local) || Number.isNaN(minutes)) return local;
  const two = (count: number): string => String(Math.floor(count)).padStart(2, "0");
  const distance = Math.abs(minutes);
  const offset = minutes === 0 ? "Z" : `${minutes < 0 ? "-" : "+"}${two(distance / 60)}:${two(distance % 60)}`;
  return `${local.length === 16 ? `${local}:00` : local}${offset}`;
};

/** What a picker shows for it, where nothing of it would be lost. */
export const withoutOffset = (text: string): string | undefined => {
  const local = text.slice(0, 19);
  return LOCAL.test(local) && withOffset(local) === text ? local : undefined;
};
