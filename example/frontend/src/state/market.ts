import { computed, inject, onScopeDispose, provide, ref, shallowReactive, shallowRef, watch, type InjectionKey, type Ref } from 'vue';

import { answer, failureOf } from '../api/problem';
import { apiOrigin } from '../api/origin';
import { getBars, listSymbols, type Bar, type Quote, type Resolution, type SymbolInfo } from '../clients/trader-client-datafeed';
import { client } from '../clients/trader-client-datafeed/client.gen';
import { DatafeedSocket, type Subscription } from '../clients/ws-types-datafeed';
import { useLink, type Link } from './link';
import { addBar, mergeBars } from './bars';

/** Prices shown behind each symbol: about a quarter of a minute. */
export const TRAIL = 60;

const BARS = 400;

/** What the datafeed module knows, as it changes. */
export interface Market {
  link: Link<DatafeedSocket>;
  symbols: Ref<SymbolInfo[]>;
  quotes: Map<string, Quote>;
  /** The latest prices of each symbol, the oldest first. */
  trails: Map<string, number[]>;
  selected: Ref<string>;
  info: Ref<SymbolInfo | undefined>;
  quote: Ref<Quote | undefined>;
  resolution: Ref<Resolution>;
  bars: Ref<Bar[]>;
  symbolsProblem: Ref<string>;
  barsProblem: Ref<string>;
  reload(): void;
  digits(symbol: string): number;
}

const KEY: InjectionKey<Market> = Symbol('market');

/** The market that the page was given. */
export function useMarket(): Market {
  const market = inject(KEY);
  if (!market) throw new Error('useMarket: nothing provides a market');
  return market;
}

/** Makes the market and gives it to the components below. */
export function provideMarket(): Market {
  client.setConfig({ baseUrl: apiOrigin() });
  const link = useLink('datafeed', (options) => new DatafeedSocket(options));
  const symbols = ref<SymbolInfo[]>([]);
  const quotes = shallowReactive(new Map<string, Quote>());
  const trails = shallowReactive(new Map<string, number[]>());
  const selected = ref('');
  const resolution = ref<Resolution>('1');
  const bars = shallowRef<Bar[]>([]);
  const symbolsProblem = ref('');
  const barsProblem = ref('');
  const bySymbol = computed(() => new Map(symbols.value.map((s) => [s.symbol, s])));

  const take = (quote: Quote): void => {
    quotes.set(quote.symbol, quote);
    trails.set(quote.symbol, [...(trails.get(quote.symbol) ?? []), quote.last].slice(-TRAIL));
  };

  let quotesSubscription: Subscription | undefined;
  const loadSymbols = async (): Promise<void> => {
    try {
      const found = await answer(listSymbols());
      symbolsProblem.value = '';
      symbols.value = found;
      if (!found.some((s) => s.symbol === selected.value)) selected.value = found[0]?.symbol ?? '';
      const before = quotesSubscription;
      quotesSubscription = found.length > 0 ? link.socket.subscribe('quotes', { symbols: found.map((s) => s.symbol) }, take) : undefined;
      before?.unsubscribe();
    } catch (error) {
      if (symbols.value.length === 0) symbolsProblem.value = failureOf(error).text;
    }
  };

  let wish = 0; // an answer to an earlier wish is not shown
  const loadBars = async (): Promise<void> => {
    const mine = ++wish;
    const [symbol, length] = [selected.value, resolution.value];
    if (!symbol) return;
    try {
      const series = await answer(getBars({ query: { symbol, resolution: length, limit: BARS } }));
      if (mine !== wish) return;
      barsProblem.value = '';
      bars.value = mergeBars(series.bars, bars.value);
    } catch (error) {
      if (mine === wish && bars.value.length === 0) barsProblem.value = failureOf(error).text;
    }
  };

  let barsSubscription: Subscription | undefined;
  watch([selected, resolution], ([symbol, length]) => {
    barsSubscription?.unsubscribe();
    bars.value = [];
    barsProblem.value = '';
    if (!symbol) return;
    barsSubscription = link.socket.subscribe('bars', { symbol, resolution: length }, (bar) => {
      bars.value = addBar(bars.value, bar, BARS);
    });
    void loadBars();
  });

  // After a lost connection there is a gap to be filled.
  link.socket.on('bars.subscribe.response', () => void loadBars());
  watch(link.state, (state, before) => {
    if (state === 'live' && (before === 'lost' || symbols.value.length === 0)) void loadSymbols();
  });
  link.socket.open();
  void loadSymbols();
  onScopeDispose(() => wish++);

  const market: Market = {
    link,
    symbols,
    quotes,
    trails,
    selected,
    info: computed(() => bySymbol.value.get(selected.value)),
    quote: computed(() => quotes.get(selected.value)),
    resolution,
    bars,
    symbolsProblem,
    barsProblem,
    reload: () => {
      void loadSymbols();
      void loadBars();
    },
    digits: (symbol) => bySymbol.value.get(symbol)?.digits ?? 2,
  };
  provide(KEY, market);
  return market;
}
