/** A round step that divides a span into about so many parts. */
export function niceStep(span: number, parts: number): number {
  const raw = span / Math.max(1, parts);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((s) => s * unit >= raw * 0.999) ?? 10;
  return step * unit;
}

/** Round values between two others. */
export function valueTicks(low: number, high: number, parts: number): number[] {
  if (!(high > low)) return [];
  const step = niceStep(high - low, parts);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

export interface TimeTick {
  index: number;
  time: number;
  /** Whether a day begins here: then the day is its label. */
  day: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((m) => m * MINUTE).concat([1, 2, 7, 14, 28].map((d) => d * DAY));

/**
 * Bars that get a label: those at round local times, at least so many bars
 * apart. offset is the local time's distance from UTC in milliseconds.
 */
export function timeTicks(times: readonly number[], apart: number, offset: number): TimeTick[] {
  const [first, second] = times;
  if (first === undefined || second === undefined) return [];
  const length = second - first;
  const step = STEPS.find((s) => s >= length * apart) ?? (STEPS.at(-1) as number);
  // Bars of a day begin at midnight UTC, whatever the local time.
  const shift = length >= DAY ? 0 : offset;
  const ticks: TimeTick[] = [];
  times.forEach((time, index) => {
    const local = time + shift;
    if (local % step === 0) ticks.push({ index, time, day: local % DAY === 0 });
  });
  return ticks;
}
