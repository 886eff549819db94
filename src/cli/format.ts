const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago an instant (RFC 3339) was, as kubectl says it: `34s`, `5m12s`, `3h`, `2d4h`; `-` without one. */
export function age(instant: string | undefined, nowMs: number): string {
  const ms = Date.parse(instant ?? '');
  if (Number.isNaN(ms)) return '-';
  // the clocks of two machines differ
  const seconds = Math.max(0, Math.floor((nowMs - ms) / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return inTwo(seconds, [MINUTE, 'm'], [1, 's']);
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return inTwo(seconds, [HOUR, 'h'], [MINUTE, 'm']);
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return inTwo(seconds, [DAY, 'd'], [HOUR, 'h']);
  return `${Math.floor(seconds / DAY)}d`;
}

type Unit = readonly [seconds: number, name: string];

function inTwo(seconds: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `0B`, `1.5KiB`, `12MiB`; `-` when it is not known. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return '-';
  let [value, size] = [count, 0];
  while (value >= 1024 && size < SIZES.length - 1) [value, size] = [value / 1024, size + 1];
  return `${size > 0 && value < 10 ? value.toFixed(1) : Math.floor(value)}${SIZES[size]}`;
}
