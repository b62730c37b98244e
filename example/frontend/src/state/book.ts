import { shallowReactive } from 'vue';

/** The time at which a snapshot was asked for, in updates seen. */
export type Mark = number;

/**
 * Things by key, kept up to date by a stream of updates, and set anew by a
 * snapshot. An update that came while a snapshot was on its way is newer than
 * what the snapshot says.
 */
export class Book<T> {
  private readonly items: Map<string, T> = shallowReactive(new Map());
  private readonly seen = new Map<string, Mark>();
  private updates: Mark = 0;
  private readonly key: (item: T) => string;
  private readonly gone: (item: T) => boolean;

  /** gone tells of an item that it is to be forgotten, such as a closed position. */
  constructor(key: (item: T) => string, gone: (item: T) => boolean = () => false) {
    this.key = key;
    this.gone = gone;
  }

  get all(): T[] {
    return [...this.items.values()];
  }

  get(key: string): T | undefined {
    return this.items.get(key);
  }

  /** Takes an update from the stream. */
  update(item: T): void {
    this.seen.set(this.key(item), ++this.updates);
    this.put(item);
  }

  /** Notes that a snapshot is asked for now. */
  mark(): Mark {
    return this.updates;
  }

  /** Takes a snapshot that was asked for at a mark. */
  replace(items: readonly T[], mark: Mark): void {
    const newer = (key: string): boolean => (this.seen.get(key) ?? 0) > mark;
    const keys = new Set(items.map(this.key));
    for (const key of [...this.items.keys()]) if (!keys.has(key) && !newer(key)) this.items.delete(key);
    for (const item of items) if (!newer(this.key(item))) this.put(item);
    for (const [key, at] of this.seen) if (at <= mark) this.seen.delete(key);
  }

  private put(item: T): void {
    if (this.gone(item)) this.items.delete(this.key(item));
    else this.items.set(this.key(item), item);
  }
}
