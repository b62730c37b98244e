import { computed, inject, onScopeDispose, provide, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue';

import { answer, failureOf } from '../api/problem';
import { apiOrigin } from '../api/origin';
import {
  cancelAllOrders,
  cancelOrder,
  closePosition,
  getAccount,
  listExecutions,
  listOrders,
  listPositions,
  placeOrder,
  type Account,
  type Execution,
  type Order,
  type PlaceOrderData,
  type Position,
} from '../clients/trader-client-broker';
import { client } from '../clients/trader-client-broker/client.gen';
import { BrokerSocket } from '../clients/ws-types-broker';
import { Book } from './book';
import { useLink, type Link } from './link';

/** An order as the API takes it. */
export type Ticket = PlaceOrderData['body'];

/** Two reads of the account that follow updates are at least this far apart. */
const ACCOUNT_EVERY_MS = 1_000;

/** What the broker module knows, as it changes. */
export interface Broker {
  link: Link<BrokerSocket>;
  /** The newest first. */
  orders: ComputedRef<Order[]>;
  positions: ComputedRef<Position[]>;
  /** The newest first. */
  executions: ComputedRef<Execution[]>;
  account: Ref<Account | undefined>;
  /** Whether a first answer has come. */
  loaded: Ref<boolean>;
  problem: Ref<string>;
  reload(): void;
  /** The key makes a repeated request harmless. All of these throw ApiError. */
  place(ticket: Ticket, key: string): Promise<Order>;
  cancel(id: string): Promise<void>;
  cancelAll(): Promise<void>;
  close(symbol: string): Promise<void>;
}

const KEY: InjectionKey<Broker> = Symbol('broker');

/** The broker that the page was given. */
export function useBroker(): Broker {
  const broker = inject(KEY);
  if (!broker) throw new Error('useBroker: nothing provides a broker');
  return broker;
}

/** Makes the broker and gives it to the components below. */
export function provideBroker(): Broker {
  client.setConfig({ baseUrl: apiOrigin() });
  const link = useLink('broker', (options) => new BrokerSocket(options));
  const orders = new Book<Order>((o) => o.id);
  const positions = new Book<Position>(
    (p) => p.symbol,
    (p) => p.side === 'flat',
  );
  const executions = new Book<Execution>((e) => e.id);
  const account = ref<Account>();
  const loaded = ref(false);
  const problem = ref('');

  let timer: ReturnType<typeof setTimeout> | undefined;
  const readAccount = async (): Promise<void> => {
    try {
      account.value = await answer(getAccount());
    } catch {
      // The next update asks again, and the connection's state tells why.
    }
  };
  const touchAccount = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void readAccount();
    }, ACCOUNT_EVERY_MS);
  };
  onScopeDispose(() => clearTimeout(timer));

  const load = async <T>(book: Book<T>, read: () => Promise<T[]>): Promise<void> => {
    const mark = book.mark();
    try {
      book.replace(await read(), mark);
      problem.value = '';
      loaded.value = true;
    } catch (error) {
      problem.value = failureOf(error).text;
    }
  };
  const loadOrders = (): Promise<void> => load(orders, () => answer(listOrders()));
  const loadPositions = (): Promise<void> => load(positions, () => answer(listPositions()));
  const loadExecutions = (): Promise<void> => load(executions, () => answer(listExecutions()));

  // A snapshot is read once its updates are subscribed to, so that nothing falls
  // between the two: at the start, and again after every lost connection.
  link.socket.on('orders.subscribe.response', () => void loadOrders());
  link.socket.on('positions.subscribe.response', () => void loadPositions());
  link.socket.on('executions.subscribe.response', () => void Promise.all([loadExecutions(), readAccount()]));
  link.socket.subscribe('orders', {}, (order) => {
    orders.update(order);
    touchAccount();
  });
  link.socket.subscribe('positions', {}, (position) => {
    positions.update(position);
    touchAccount();
  });
  link.socket.subscribe('executions', {}, (execution) => executions.update(execution));

  const broker: Broker = {
    link,
    orders: computed(() => orders.all.sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))),
    positions: computed(() => positions.all.sort((a, b) => a.symbol.localeCompare(b.symbol))),
    executions: computed(() => executions.all.sort((a, b) => Date.parse(b.time) - Date.parse(a.time))),
    account,
    loaded,
    problem,
    reload: () => void Promise.all([loadOrders(), loadPositions(), loadExecutions(), readAccount()]),
    place: (ticket, key) => answer(placeOrder({ body: ticket, headers: { 'idempotency-key': key } })),
    cancel: async (id) => void (await answer(cancelOrder({ path: { order_id: id } }))),
    cancelAll: async () => void (await answer(cancelAllOrders())),
    close: async (symbol) => void (await answer(closePosition({ path: { symbol } }))),
  };
  provide(KEY, broker);
  return broker;
}
