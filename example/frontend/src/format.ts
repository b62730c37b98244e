const MINUS = '\u2212';
const NONE = '\u2013';

const formats = new Map<string, Intl.NumberFormat>();

function format(value: number, least: number, most: number): string {
  const key = `${least}/${most}`;
  let f = formats.get(key);
  if (!f) {
    f = new Intl.NumberFormat('en-US', { minimumFractionDigits: least, maximumFractionDigits: most });
    formats.set(key, f);
  }
  return f.format(value).replace('-', MINUS);
}

/** A price with all its decimals; a dash for none. */
export function price(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? NONE : format(value, digits, digits);
}

/** How much of something: no more decimals than it has. */
export function quantity(value: number): string {
  return format(value, 0, 8);
}

/** An amount of money in cents. */
export function money(value: number | null | undefined): string {
  return price(value, 2);
}

/** A change, always with its sign, so that its colour says nothing new. */
export function signed(value: number, digits = 2): string {
  const text = format(Math.abs(value), digits, digits);
  if (Number(text.replaceAll(',', '')) === 0) return text;
  return (value < 0 ? MINUS : '+') + text;
}

/** A change in percent, with its sign. */
export function percent(value: number): string {
  return `${signed(value)}%`;
}

/** A large number in few digits, such as 1.2K. */
export function short(value: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Which way a change goes, as the class of the element that shows it. */
export function direction(value: number): 'up' | 'down' | 'even' {
  return value > 0 ? 'up' : value < 0 ? 'down' : 'even';
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minuteFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric' });

/** The time of day to the second. */
export function clock(at: string | number): string {
  return clockFormat.format(new Date(at));
}

/** The time of day to the minute. */
export function minute(at: string | number): string {
  return minuteFormat.format(new Date(at));
}

/** The day of the year. */
export function day(at: string | number): string {
  return dayFormat.format(new Date(at));
}
