import type { Bar } from '../clients/trader-client-datafeed';

/** Bars with one that is new, or that is a newer state of the last one. */
export function addBar(bars: readonly Bar[], bar: Bar, most: number): Bar[] {
  const last = bars.at(-1);
  if (!last || bar.time > last.time) return [...bars, bar].slice(-most);
  const at = bars.findLastIndex((b) => b.time === bar.time);
  if (at < 0) return [...bars]; // older than what is shown
  return bars.with(at, bar);
}

/** A loaded series with the bars that came over the socket meanwhile. */
export function mergeBars(loaded: readonly Bar[], live: readonly Bar[]): Bar[] {
  const end = loaded.at(-1)?.time ?? 0;
  return [...loaded.filter((b) => b.time < end), ...lastOf(loaded, live, end), ...live.filter((b) => b.time > end)];
}

/** The running bar: with live updates the live one is the newer state. */
function lastOf(loaded: readonly Bar[], live: readonly Bar[], end: number): Bar[] {
  const streamed = live.at(-1)?.time === end ? live.at(-1) : undefined;
  const last = streamed ?? loaded.at(-1);
  return last ? [last] : [];
}
