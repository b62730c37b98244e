import type { OrderType, Side, TimeInForce } from '../clients/trader-client-broker';
import type { Quote, SymbolInfo } from '../clients/trader-client-datafeed';
import type { Ticket } from './broker';

/** A number as its field has it: what was typed, or a text that was filled in. */
export type Entry = number | string;

/** What the order form holds. */
export interface Draft {
  side: Side;
  type: OrderType;
  quantity: Entry;
  price: Entry;
  timeInForce: TimeInForce;
}

/** What is wrong with a draft, by field; nothing where it can be sent. */
export type Mistakes = Partial<Record<'quantity' | 'price', string>>;

/** Finds what the API would refuse as well, before it is asked. */
export function mistakes(draft: Draft): Mistakes {
  const found: Mistakes = {};
  if (!positive(draft.quantity)) found.quantity = 'Enter a quantity above zero.';
  if (draft.type !== 'market' && !positive(draft.price)) found.price = `Enter a ${draft.type} price above zero.`;
  return found;
}

function positive(entry: Entry): boolean {
  return entry !== '' && Number.isFinite(Number(entry)) && Number(entry) > 0;
}

/** The order that a draft without mistakes asks for. */
export function toTicket(draft: Draft, symbol: string): Ticket {
  const common = { symbol, side: draft.side, quantity: Number(draft.quantity) };
  const limits = { time_in_force: draft.timeInForce };
  switch (draft.type) {
    case 'market':
      return { type: 'market', ...common };
    case 'limit':
      return { type: 'limit', ...common, ...limits, limit_price: Number(draft.price) };
    case 'stop':
      return { type: 'stop', ...common, ...limits, stop_price: Number(draft.price) };
  }
}

/** What a draft would be worth: at its own price, or at the market's. */
export function worth(draft: Draft, quote: Quote | undefined): number | undefined {
  const market = draft.side === 'buy' ? quote?.ask : quote?.bid;
  const at = draft.type === 'market' ? market : positive(draft.price) ? Number(draft.price) : market;
  return at !== undefined && positive(draft.quantity) ? at * Number(draft.quantity) : undefined;
}

/** A quantity to begin with, worth some thousands of dollars. */
export function firstQuantity(info: SymbolInfo): number {
  return { stock: 10, crypto: 0.1, forex: 5_000 }[info.kind] ?? 1;
}

/** A price to begin with: where a limit order waits, and a stop is not set off at once. */
export function firstPrice(draft: Pick<Draft, 'side' | 'type'>, quote: Quote, digits: number): string {
  const below = (draft.side === 'buy') === (draft.type === 'limit');
  return (quote.last * (below ? 0.999 : 1.001)).toFixed(digits);
}
