import { address, clock, copy, h, keep, moment, place, plain, say, set } from './page.js';

const row = 20; // px, as in the style sheet
const page = 500; // lines that are fetched at once
const held = 4000; // lines that are held at most, around what is seen
const near = 250; // so many before the end of what is held more is fetched
const tallest = 6_000_000; // px: browsers draw no larger element

const letters = { debug: 'D', info: '', warn: 'W', error: 'E', critical: 'C' };

/**
 * The log, however long. The page holds the lines around what is seen and fetches others
 * as they are scrolled to; the scrollbar stands for the bytes of the whole. A short way is
 * scrolled line by line, a long one leads to a place.
 */
export class Logs {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.reset();
    this.names = [];
    this.filter = {};
    this.pool = [];
    this.build();
  }

  reset() {
    Object.assign(this, { lines: [], prev: '', next: '', first: true, last: true, size: 0, pos: 0, base: 0, late: [], missed: 0, selected: null });
    this.known = new Set();
  }

  build() {
    const change = () => this.asked();
    this.picked = h('div');
    this.probes = h('input', { type: 'checkbox', onchange: change });
    this.pick = h('details', { class: 'pick' }, this.pickName = h('summary', null, 'Processes'), this.picked);
    this.level = h('select', { 'aria-label': 'Least level', onchange: change }, ...[['', 'All levels'], ['info', 'Info and above'], ['warn', 'Warnings'], ['error', 'Errors']].map(([value, text]) => h('option', { value }, text)));
    this.find = h('input', { type: 'search', placeholder: 'Filter by text', 'aria-label': 'Filter by text', 'aria-keyshortcuts': '/', spellcheck: 'false', autocomplete: 'off', oninput: () => { clearTimeout(this.typing); this.typing = setTimeout(change, 200); } });
    this.regex = h('button', { type: 'button', 'aria-pressed': 'false', title: 'The text is a regular expression', 'aria-label': 'Regular expression', onclick: () => { set(this.regex, 'aria-pressed', String(this.regex.getAttribute('aria-pressed') !== 'true')); change(); } }, '.*');
    this.time = h('input', { type: 'datetime-local', step: '1', 'aria-label': 'Time to go to', onkeydown: (e) => { if (e.key === 'Enter') this.toTime(); } });
    this.follow = h('button', { type: 'button', 'aria-pressed': 'true', 'aria-keyshortcuts': 'f', title: 'Stay at the newest line', onclick: () => this.setFollow(!this.following) }, 'Follow');
    this.copyAll = h('button', { type: 'button', title: 'Copies the lines that are seen', onclick: () => copy(this.copyAll, this.visible().map(asText).join('\n')) }, 'Copy');
    const filters = h('div', { class: 'filters', role: 'search', 'aria-label': 'Lines' }, this.pick, this.level,
      h('div', { class: 'find' }, this.find, this.regex),
      h('div', { class: 'when' }, this.time, h('button', { type: 'button', onclick: () => this.toTime() }, 'Go')), this.follow, this.copyAll);
    this.layer = h('div', { class: 'layer' });
    this.spacer = h('div', { class: 'spacer' }, this.layer);
    this.scroller = h('div', { class: 'lines', tabindex: '0', role: 'listbox', 'aria-label': 'Lines of the log', onkeydown: (e) => this.lineKey(e) }, this.spacer);
    this.scroller.addEventListener('mouseup', () => { if (String(getSelection())) this.setFollow(false); });
    this.scroller.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.newer = h('button', { type: 'button', class: 'newer', hidden: true, onclick: () => this.setFollow(true) });
    this.note = h('span', { class: 'untrusted', role: 'status' });
    this.where = h('span');
    this.detail = h('section', { class: 'detail', 'aria-label': 'The line', hidden: true });
    this.root.append(h('div', { class: 'log' }, filters,
      h('div', { class: 'wrap' }, this.scroller, this.newer), this.detail,
      h('div', { class: 'foot' }, this.note, h('span', { class: 'opt' }, '/ filter · f follow · ↑ ↓ line · Enter its neighbours'), this.where)));
    new ResizeObserver(() => { this.render(); this.settle(true); }).observe(this.scroller);
    document.addEventListener('click', (e) => { if (!this.pick.contains(e.target)) this.pick.open = false; });
    this.pick.addEventListener('keydown', (e) => { if (e.key === 'Escape') { this.pick.open = false; this.pickName.focus(); } });
    this.following = true;
  }

  // The place in the address.

  show(query, entered) {
    const filter = { only: query.get('only') ?? '', level: query.get('level') ?? '', grep: query.get('grep') ?? '', regex: query.get('regex') ?? '', probes: query.get('probes') ?? '' };
    const key = JSON.stringify([filter, query.get('time'), query.get('at')]);
    if (!entered && key === this.shown) return;
    const same = key === this.shown && this.lines.length;
    this.shown = key;
    this.filter = filter;
    this.level.value = filter.level;
    if (document.activeElement !== this.find) this.find.value = filter.grep;
    set(this.regex, 'aria-pressed', String(Boolean(filter.regex)));
    this.choices();
    if (same) {
      this.app.connect();
      this.render();
      return;
    }
    const time = query.get('time');
    const at = query.get('at');
    this.following = !time && !at;
    this.pressed();
    if (time) this.load({ time });
    else if (at) this.load({ at });
    else this.load({ end: 1, back: 1 });
  }

  leave() { this.app.connect(); }

  asked() {
    const only = [...this.picked.querySelectorAll('label:not(.apart) input:checked')].map((box) => box.value);
    const probes = this.probes.checked ? '1' : '';
    this.app.go('logs', { only: only.join(','), level: this.level.value, grep: this.find.value, probes, regex: this.regex.getAttribute('aria-pressed') === 'true' ? '1' : '', time: '', at: '' });
  }

  toTime() {
    const t = new Date(this.time.value);
    if (Number.isNaN(t.getTime())) return;
    this.shown = '';
    const query = { ...this.filter, time: t.toISOString() };
    if (location.hash === address('logs', query)) this.show(place().query, false);
    else this.app.go('logs', query);
  }

  /** What the server is asked with. */
  asks() {
    const { only, level, grep, regex, probes } = this.filter;
    return { only, level, probes, [regex ? 'grep' : 'text']: grep };
  }

  stream() {
    if (this.opening) return {}; // it begins where the first answer ends
    return { ...this.asks(), log: 1, after: this.tail ?? '' };
  }

  take(kind, value) {
    if (kind === 'status') {
      const names = value.processes.map((p) => p.name);
      if (names.join() !== this.names.join()) {
        this.names = names;
        this.choices();
      }
    }
    if (kind === 'nolog') say(this.note, plain(value.error));
    if (kind === 'lines') this.came(value);
  }

  choices() {
    const only = this.filter.only ? this.filter.only.split(',') : [];
    keep(this.picked, [...new Set([...this.names, ...only, ''])], (name) => (name
      ? h('label', null, h('input', { type: 'checkbox', value: name, onchange: () => this.asked() }), name)
      : h('label', { class: 'apart' }, this.probes, 'Health checks that went well')));
    for (const box of this.picked.querySelectorAll('label:not(.apart) input')) box.checked = only.includes(box.value);
    this.probes.checked = Boolean(this.filter.probes);
    say(this.pickName, only.length === 0 ? 'Processes' : only.length === 1 ? only[0] : `${only.length} processes`);
  }

  // Lines.

  async load(at) {
    this.loading?.abort();
    const mine = this.loading = new AbortController();
    this.busy = null;
    this.opening = true;
    say(this.note, 'reading');
    try {
      let span = await this.app.get('lines', { ...this.asks(), ...at, most: page }, mine.signal);
      const lines = [...span.lines];
      // Where lines that match are rare, the server looks through a part at a time.
      const ends = { prev: span.prev, next: span.next, first: span.first, last: span.last };
      while (lines.length < 60 && (at.back ? !ends.first : !ends.last)) {
        say(this.note, `searching, ${Math.round(100 * (at.back ? 1 - span.from / span.size : span.to / span.size))} %`);
        span = await this.app.get('lines', { ...this.asks(), at: at.back ? ends.prev : ends.next, back: at.back ?? '', most: page }, mine.signal);
        if (at.back) { lines.unshift(...span.lines); ends.prev = span.prev; ends.first = span.first; }
        else { lines.push(...span.lines); ends.next = span.next; ends.last = span.last; }
      }
      set(this.find, 'aria-invalid', null);
      this.reset();
      Object.assign(this, ends, { lines, size: span.size });
      for (const l of lines) this.known.add(l.cursor);
      this.opening = false;
      this.pos = at.back ? Infinity : 0;
      this.tail = at.back ? ends.next : '';
      if (!at.back) this.tail = (await this.app.get('lines', { end: 1, back: 1, most: 1 }, mine.signal)).next;
      say(this.note, lines.length ? '' : 'no line matches');
      this.app.connect();
      this.render();
      this.settle(true);
      this.more();
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.opening = false;
      this.reset();
      this.render();
      say(this.note, plain(error.message));
      set(this.find, 'aria-invalid', this.filter.regex ? 'true' : null);
      if (!this.filter.grep) setTimeout(() => { if (!this.root.hidden && !this.lines.length) this.load(at); }, 1000);
    }
  }

  /** Fetches what comes before or behind what is held, before it is scrolled to. */
  async more() {
    if (this.busy || this.opening || this.root.hidden) return;
    const top = this.pos / row;
    const back = !this.first && top < near;
    const on = !this.last && !back && this.lines.length - top - this.height() / row < near;
    if (!back && !on) return;
    const mine = this.busy = {}; // whatever else is fetched meanwhile makes it void
    this.late = [];
    try {
      const span = await this.app.get('lines', { ...this.asks(), at: back ? this.prev : this.next, back: back ? 1 : '', most: page }, this.loading?.signal);
      if (this.busy !== mine) return;
      this.size = span.size;
      if (back) {
        this.lines.unshift(...span.lines);
        this.pos += span.lines.length * row;
        this.base -= span.lines.length;
        Object.assign(this, { prev: span.prev, first: span.first || span.lost });
        this.trim(false);
      } else {
        this.lines.push(...span.lines);
        Object.assign(this, { next: span.next, last: span.last });
        this.trim(true);
      }
      for (const l of span.lines) this.known.add(l.cursor);
      if (this.last) this.append(this.late);
      this.busy = null;
      this.render();
      this.more();
    } catch {
      if (this.busy === mine) this.busy = null;
    }
  }

  trim(front) {
    const more = this.lines.length - held;
    if (more <= 0) return;
    const gone = front ? this.lines.splice(0, more) : this.lines.splice(held);
    for (const l of gone) this.known.delete(l.cursor);
    if (front) {
      this.pos -= more * row;
      this.base += more;
      this.first = false;
      this.prev = gone.at(-1).cursor;
    } else {
      this.last = false;
      this.next = this.lines.at(-1).cursor;
    }
  }

  /** Lines that were written just now. */
  came({ lines, missed }) {
    if (this.opening || !lines.length) return;
    this.tail = lines.at(-1).cursor;
    if (this.busy) this.late.push(...lines);
    if (missed && this.following) {
      this.load({ end: 1, back: 1 });
      return;
    }
    if (this.last && !missed && !this.busy) this.append(lines);
    else this.last &&= !missed;
    if (!this.following) {
      this.missed += lines.length;
      say(this.newer, `↓ ${this.missed}${missed ? '+' : ''} new`);
      this.newer.hidden = false;
    }
    this.size = Math.max(this.size, lines.at(-1).at + 1);
    this.render();
    if (!this.moving) this.settle();
  }

  append(lines) {
    const fresh = lines.filter((l) => !this.known.has(l.cursor));
    if (!fresh.length) return;
    if (!this.following && this.lines.length + fresh.length > 2 * held) { // they are read again when somebody comes there
      this.last = false;
      return;
    }
    for (const l of fresh) this.known.add(l.cursor);
    this.lines.push(...fresh);
    this.next = fresh.at(-1).cursor;
    if (this.following) {
      this.trim(true);
      this.pos = Infinity;
      say(this.note, '');
    }
  }

  setFollow(on) {
    this.following = on;
    this.pressed();
    if (!on) return;
    if (place().query.get('time') || place().query.get('at')) this.app.go('logs', { ...this.filter });
    else if (this.last) { this.pos = Infinity; this.render(); this.settle(); } else this.load({ end: 1, back: 1 });
  }

  pressed() {
    set(this.follow, 'aria-pressed', String(this.following));
    if (this.following) { this.missed = 0; this.newer.hidden = true; }
  }

  // Scrolling.

  height() { return this.scroller.clientHeight; }

  /** How tall all lines would be, by those that are held. */
  tall() {
    const lines = this.lines.length;
    const view = this.height();
    if (!lines) return view;
    if (this.first && this.last) return Math.max(view, lines * row);
    const from = this.lines[0].at;
    const span = this.lines[lines - 1].at - from || 1;
    return Math.min(tallest, Math.max(view * 3, (this.size / span) * lines * row));
  }

  /** Where the scrollbar is to be, for what is seen. */
  ideal() {
    const view = this.height();
    const range = this.extent - view;
    if (range <= 0 || !this.lines.length) return 0;
    if (this.first && this.last) return this.pos;
    const end = this.lines.length * row - view;
    if (this.last && this.pos >= end - 1) return range;
    if (this.first && this.pos <= 0) return 0;
    const i = Math.min(this.lines.length - 1, Math.max(0, Math.floor(this.pos / row)));
    return Math.min(range - 1, Math.max(1, (this.lines[i].at / this.size) * range));
  }

  /** Brings the scrollbar in line with what is seen, once nobody moves it. */
  settle(anew = false) {
    if (!this.height() || this.jumping) return;
    if (!anew && Math.abs(this.scroller.scrollTop - this.top) >= 1) return; // it was just moved, and that is about to be told
    const tall = Math.round(this.tall());
    if (tall !== this.extent) {
      this.extent = tall;
      this.spacer.style.height = `${tall}px`;
    }
    const top = Math.round(this.ideal());
    if (Math.abs(this.scroller.scrollTop - top) >= 1) this.scroller.scrollTop = top;
    this.top = this.scroller.scrollTop;
  }

  scrolled() {
    const top = this.scroller.scrollTop;
    const by = top - this.top;
    if (Math.abs(by) < 1) return;
    this.top = top;
    this.moving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.moving = false; this.settle(); this.more(); }, 120);
    if (by < 0 && this.following) { this.following = false; this.pressed(); }
    const whole = this.first && this.last;
    if (!whole && Math.abs(by) > 3 * this.height()) {
      const range = this.extent - this.height();
      this.jump(top >= range - 1 ? { end: 1, back: 1 } : top <= 1 ? {} : { fraction: String(top / range) });
      return;
    }
    this.pos += by;
    this.render();
    if (by > 0 && this.last && this.pos >= this.lines.length * row - this.height() - 1 && !this.following && !place().query.get('time') && !place().query.get('at')) {
      this.following = true;
      this.pressed();
    }
    // The bar may be at its end before the lines are: it is then moved on at once.
    if ((top <= 0 && !(this.first && this.pos <= 0)) || (top >= this.extent - this.height() - 1 && !this.last)) this.settle();
    this.more();
  }

  /** Goes far: to what is there, whatever was asked for meanwhile. */
  async jump(at) {
    this.goal = at;
    if (this.jumping) return;
    this.jumping = true;
    while (this.goal) {
      const goal = this.goal;
      this.goal = null;
      try {
        const span = await this.app.get('lines', { ...this.asks(), ...goal, most: page }, this.loading?.signal);
        if (this.goal) continue;
        this.busy = null;
        const { lines, prev, next, first, last, size } = span;
        Object.assign(this, { lines, prev, next, first, last, size });
        this.known = new Set(lines.map((l) => l.cursor));
        this.pos = goal.back ? Infinity : 0;
        if (goal.end) { this.following = true; this.pressed(); }
        this.render();
        this.more();
      } catch { /* another filter was chosen */ }
    }
    this.jumping = false;
    if (!this.moving) this.settle();
  }

  render() {
    const view = this.height();
    if (!view || this.root.hidden) return;
    const end = Math.max(0, this.lines.length * row - view);
    this.pos = Math.min(Math.max(0, this.pos), end);
    const from = Math.floor(this.pos / row);
    const most = Math.ceil(view / row) + 1;
    const count = Math.min(this.lines.length - from, most);
    while (this.pool.length < most) this.pool.push(this.line()); // one more later would move all lines to other rows
    const words = this.words();
    const first = from + this.base;
    let active = null;
    for (let i = 0; i < this.pool.length; i++) {
      // A row keeps its line while it is seen, so that a screen reader and a selection do.
      const at = from + ((i - first) % this.pool.length + this.pool.length) % this.pool.length;
      const one = this.pool[i];
      if (at >= from + count) { one.root.hidden = true; continue; }
      this.put(one, this.lines[at], words);
      if (this.lines[at].cursor === this.selected?.cursor) active = one.root;
      one.root.hidden = false;
      one.root.style.transform = `translateY(${at * row - this.pos}px)`;
    }
    for (const one of this.pool) set(one.root, 'aria-selected', String(one.root === active));
    set(this.scroller, 'aria-activedescendant', active?.id);
    const seen = this.lines[from];
    say(this.where, seen?.time ? moment(seen.time) : '');
  }

  visible() {
    const from = Math.floor(this.pos / row);
    return this.lines.slice(from, from + Math.ceil(this.height() / row));
  }

  line() {
    const one = { t: h('span', { class: 't' }), p: h('span', { class: 'p' }), l: h('span', { class: 'l' }), x: h('span', { class: 'x' }) };
    one.root = h('div', { class: 'ln', role: 'option', 'aria-selected': 'false', id: `line-${this.pool.length}`, onclick: () => { if (!String(getSelection())) this.select(one.of); } }, one.t, one.p, one.l, one.x);
    this.layer.append(one.root);
    return one;
  }

  put(one, line, words) {
    if (one.of === line && one.words === words) return;
    one.of = line;
    one.words = words;
    set(one.root, 'class', `ln ${line.level ?? ''}`);
    say(one.t, line.time ? clock(line.time, true) : '');
    say(one.p, line.process ?? '');
    say(one.l, letters[line.level] ?? '');
    set(one.l, 'title', line.level ?? null);
    show(one.x, plain(line.text) + (line.cut ? ' …' : ''), words);
  }

  /** What is marked in the lines. */
  words() {
    const { grep, regex } = this.filter;
    const key = grep + regex;
    if (this.marked?.key !== key) {
      let find = null;
      try { find = grep && new RegExp(regex ? grep : grep.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), regex ? 'g' : 'gi'); } catch { /* Go's expressions are others */ }
      this.marked = { key, find };
    }
    return this.marked;
  }

  // One line.

  key(event) {
    if (event.key === '/') { event.preventDefault(); this.find.focus(); this.find.select(); }
    if (event.key === 'f') this.setFollow(!this.following);
    if (event.key === 'Escape' && !this.detail.hidden) this.close();
  }

  lineKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      let i = this.lines.findIndex((l) => l.cursor === this.selected?.cursor);
      i = i < 0 ? Math.floor(this.pos / row) + (step > 0 ? 0 : Math.floor(this.height() / row)) : i + step;
      i = Math.min(this.lines.length - 1, Math.max(0, i));
      if (!this.lines[i]) return;
      this.selected = this.lines[i];
      this.following &&= step > 0;
      this.pressed();
      this.pos = Math.min(i * row, Math.max(this.pos, (i + 1) * row - this.height()));
      this.render();
      this.settle();
      this.more();
      if (!this.detail.hidden) this.select(this.selected);
    } else if (event.key === 'End') {
      event.preventDefault();
      this.setFollow(true);
    } else if (event.key === 'Home') {
      event.preventDefault();
      this.following = false;
      this.pressed();
      this.jump({});
    } else if (event.key === 'Enter' && this.selected) this.select(this.selected);
  }

  /** Shows a line whole, with what all processes wrote around it. */
  async select(line) {
    this.selected = line;
    this.following = false; // or it would be gone
    this.pressed();
    this.render();
    const all = { most: 9 };
    try {
      const [before, after, whole] = await Promise.all([
        this.app.get('lines', { ...all, at: line.cursor, back: 1, probes: 1 }), this.app.get('lines', { ...all, most: 8, at: line.cursor, probes: 1 }),
        line.cut ? this.app.get('lines', { at: line.cursor, back: 1, most: 1, whole: 1, probes: 1 }) : null]);
      if (this.selected !== line) return;
      const text = plain(whole?.lines.at(-1)?.text ?? line.text);
      const copied = h('button', { type: 'button', onclick: () => copy(copied, text) }, 'Copy');
      const context = h('a', { class: 'button', href: address('logs', { at: before.prev || line.cursor }) }, 'Show among all');
      this.detail.replaceChildren(
        h('header', null, h('b', null, line.process ?? 'log'), h('span', { class: 'soft' }, line.time ? moment(line.time, true) : ''), line.level ? h('span', { class: 'tag' }, line.level) : null,
          h('span', { class: 'end' }, copied, context, h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close the line', onclick: () => this.close() }, '×'))),
        h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Its text' }, text),
        h('h2', null, 'Around it, of all processes'),
        h('div', { class: 'near' }, [...before.lines, ...after.lines].map((l) => {
          const one = h('div', { class: `ln ${l.level ?? ''}` }, h('span', { class: 't' }, l.time ? clock(l.time, true) : ''), h('span', { class: 'p' }, l.process ?? ''), h('span', { class: 'l' }, letters[l.level] ?? ''), h('span', { class: 'x' }, plain(l.text)));
          if (l.cursor === line.cursor) one.classList.add('here');
          return one;
        })));
      this.detail.hidden = false;
      const i = this.lines.indexOf(line);
      requestAnimationFrame(() => { // it stays in sight above what has opened
        if (i >= 0 && (i + 1) * row > this.pos + this.height()) this.pos = (i + 2) * row - this.height();
        this.render();
        this.settle();
      });
    } catch (error) {
      say(this.note, plain(error.message));
    }
  }

  close() {
    this.detail.hidden = true;
    this.selected = null;
    this.render();
    this.scroller.focus();
  }
}

const asText = (l) => `${(l.process ?? '').padEnd(18)}>> ${l.text}`;

/** Sets a text, with what was looked for marked. */
function show(element, text, { find }) {
  const parts = [];
  if (find) {
    let at = 0;
    for (const m of text.matchAll(find)) {
      if (!m[0] || parts.length > 40) break;
      parts.push(text.slice(at, m.index), h('mark', null, m[0]));
      at = m.index + m[0].length;
    }
    if (parts.length) parts.push(text.slice(at));
  }
  if (parts.length) element.replaceChildren(...parts);
  else if (element.firstElementChild) element.textContent = text;
  else say(element, text);
}
