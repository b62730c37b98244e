import { describe, expect, it } from 'vitest';

import { Book } from './book';

interface Thing {
  id: string;
  n: number;
}

const make = (): Book<Thing> =>
  new Book<Thing>(
    (t) => t.id,
    (t) => t.n === 0,
  );

describe('a book', () => {
  it('keeps the latest update of each thing', () => {
    const book = make();
    book.update({ id: 'a', n: 1 });
    book.update({ id: 'a', n: 2 });
    expect(book.all).toEqual([{ id: 'a', n: 2 }]);
  });

  it('forgets what is gone', () => {
    const book = make();
    book.update({ id: 'a', n: 1 });
    book.update({ id: 'a', n: 0 });
    expect(book.all).toEqual([]);
  });

  it('is what a snapshot says when no update came meanwhile', () => {
    const book = make();
    book.update({ id: 'old', n: 1 });
    book.replace([{ id: 'new', n: 1 }], book.mark());
    expect(book.all).toEqual([{ id: 'new', n: 1 }]);
  });

  it('keeps an update that came while the snapshot was on its way', () => {
    const book = make();
    const mark = book.mark();
    book.update({ id: 'a', n: 2 });
    book.update({ id: 'b', n: 1 });
    book.replace([{ id: 'a', n: 1 }], mark);
    expect(book.all).toEqual([
      { id: 'a', n: 2 },
      { id: 'b', n: 1 },
    ]);
  });

  it('does not bring back what went while the snapshot was on its way', () => {
    const book = make();
    book.update({ id: 'a', n: 1 });
    const mark = book.mark();
    book.update({ id: 'a', n: 0 });
    book.replace([{ id: 'a', n: 1 }], mark);
    expect(book.all).toEqual([]);
  });
});
