// Times as people say them. Pure.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60]
];

// Made once: making one takes longer than a hundred uses of it.
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** `3 days ago`, `in 2 weeks`, `just now`. Times in ms. */
export function ago(time: number, now: number): string {
  const seconds = (time - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) {
      return RELATIVE.format(Math.trunc(seconds / size), unit);
    }
  }
  return seconds <= 0 ? 'just now' : 'in a moment';
}

/** `Nov 28, 2026, 5:40 PM`, where the person is. Takes RFC 3339. */
export function exactly(time: string): string {
  return EXACT.format(new Date(time));
}

/** `1:05`, `0:00`: what is left of a countdown, in ms. */
export function countdown(left: number): string {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
