// @ts-check
// Days and times of day, without a calendar of the system: what is given counts from 1970 in the owner's own time.

const DAY_MS = 86_400_000;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/**
 * How far the owner's clock is ahead of UTC, in milliseconds, from a moment at which it showed `minutes` after midnight.
 * Zones from -10 to below +14 hours can be told apart; the few people beyond see the day of their neighbours.
 *
 * @param {number} at
 * @param {number} minutes
 */
export function zoneFrom(at, minutes) {
  const ahead = (((minutes * 60_000 - (at % DAY_MS)) % DAY_MS) + DAY_MS) % DAY_MS;
  return ahead >= 14 * 3_600_000 ? ahead - DAY_MS : ahead;
}

/** `2026-11-21` @param {number} local */
export function dayOf(local) {
  return new Date(local).toISOString().slice(0, 10);
}

/** `09:05` @param {number} local */
export function clockText(local) {
  return new Date(local).toISOString().slice(11, 16);
}

/** `21 November 2026` @param {string} day */
export function dayText(day) {
  const [year = "", month = "", date = ""] = day.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]} ${year}`;
}
