import type { Bar } from '../clients/trader-client-datafeed';

/** A price that gets a line of its own. */
export interface Level {
  price: number;
  label: string;
  kind: 'buy' | 'sell' | 'position';
}

/** Where things are, in pixels of the chart's own coordinates. */
export interface Geometry {
  width: number; // of the plot, without the axis
  height: number; // of prices and volume together
  slot: number; // distance from one bar to the next
  bars: readonly Bar[]; // those that are shown
  low: number;
  high: number;
  x(index: number): number;
  y(price: number): number;
  /** Index of the bar at x, within the bars. */
  at(x: number): number;
  rising: Paths;
  falling: Paths;
}

/** All candles of one colour: three paths, whatever their number. */
export interface Paths {
  wicks: string;
  bodies: string;
  volume: string;
}

export interface Size {
  width: number;
  height: number;
}

const SLOT = 9; // wanted; the real one divides the width evenly
const VOLUME_PART = 0.16; // of the height
const GAP = 8; // between prices and volume

/** Lays out as many of the newest bars as fit. */
export function layout(all: readonly Bar[], size: Size, levels: readonly Level[] = []): Geometry | undefined {
  const { width, height } = size;
  const count = Math.min(all.length, Math.floor(width / SLOT));
  if (count < 1 || height < 60) return undefined;
  const bars = all.slice(-count);
  // Few bars stand at the right, where time goes on.
  const slot = width / Math.max(count, Math.floor(width / SLOT));
  const left = width - slot * count;
  const [low, high] = range(bars, levels);
  const floor = height * (1 - VOLUME_PART) - GAP;
  const x = (index: number): number => round(left + (index + 0.5) * slot);
  const y = (price: number): number => round(((high - price) / (high - low)) * floor);
  const at = (px: number): number => Math.min(count - 1, Math.max(0, Math.floor((px - left) / slot)));
  const most = Math.max(...bars.map((b) => b.volume), 1);
  const half = Math.max(1, Math.min(5, slot * 0.32));

  const rising: Paths = { wicks: '', bodies: '', volume: '' };
  const falling: Paths = { wicks: '', bodies: '', volume: '' };
  bars.forEach((bar, index) => {
    const paths = bar.close >= bar.open ? rising : falling;
    const [mid, top, foot] = [x(index), y(Math.max(bar.open, bar.close)), y(Math.min(bar.open, bar.close))];
    paths.wicks += `M${mid} ${y(bar.high)}V${top}M${mid} ${foot}V${y(bar.low)}`;
    paths.bodies += box(mid - half, top, 2 * half, Math.max(1, foot - top));
    const tall = round((bar.volume / most) * height * VOLUME_PART);
    paths.volume += box(mid - half, height - tall, 2 * half, tall);
  });
  return { width, height, slot, bars, low, high, x, y, at, rising, falling };
}

/** The span of prices, with levels that are near, and some air. */
function range(bars: readonly Bar[], levels: readonly Level[]): [number, number] {
  let low = Math.min(...bars.map((b) => b.low));
  let high = Math.max(...bars.map((b) => b.high));
  const reach = (high - low) * 0.6;
  for (const { price } of levels) {
    // One far away would press the bars flat.
    if (price >= low - reach && price <= high + reach) [low, high] = [Math.min(low, price), Math.max(high, price)];
  }
  const air = (high - low) * 0.07 || high * 0.001 || 1;
  return [low - air, high + air];
}

function box(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

/** A line through the latest values, which grows from the right until there are count of them. */
export function sparkline(values: readonly number[], count: number, width: number, height: number): string {
  if (values.length < 2) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || 1;
  const step = width / (count - 1);
  return values
    .map((v, i) => `${i === 0 ? 'M' : 'L'}${round(width - (values.length - 1 - i) * step)} ${round(1 + (1 - (v - low) / span) * (height - 2))}`)
    .join('');
}

const LABEL = 13; // height of a label

/** Sets the labels of lines just above them, and apart from each other. */
export function spread<T extends { y: number }>(lines: readonly T[], height: number): (T & { labelY: number })[] {
  const placed = [...lines].sort((a, b) => a.y - b.y).map((line) => ({ ...line, labelY: Math.max(LABEL, line.y - 4) }));
  placed.forEach((line, i) => {
    const above = placed[i - 1];
    if (above) line.labelY = Math.max(line.labelY, above.labelY + LABEL);
  });
  const over = (placed.at(-1)?.labelY ?? 0) - height;
  return over > 0 ? placed.map((line) => ({ ...line, labelY: line.labelY - over })) : placed;
}
