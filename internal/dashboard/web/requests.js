import { address, clock, h, keep, moment, place, plain, say, seconds, set } from './page.js';

const shown = 300; // rows of the live table
const kept = 2000;

/** The requests at the gateway: by route, the slowest, and as they come. */
export class Requests {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.rows = [];
    this.missed = 0;
    this.traffic = null;
    this.by = 'count';
    this.build();
  }

  build() {
    const sort = (label, by) => {
      const th = h('th', { scope: 'col', class: 'num' }, h('button', { type: 'button', onclick: () => this.app.go('requests', { ...Object.fromEntries(place().query), by: by === 'count' ? '' : by }) }, label));
      this.heads.push([th, by]);
      return th;
    };
    this.heads = [];
    this.routes = h('tbody');
    this.slowest = h('tbody');
    this.list = h('tbody');
    this.of = h('span', { class: 'soft' });
    const head = (text, kind) => h('th', { scope: 'col', class: kind }, text);
    const change = () => this.app.go('requests', { ...Object.fromEntries(place().query), path: this.find.value, status: this.status.value });
    this.find = h('input', { type: 'search', placeholder: 'Filter by method, path or id', 'aria-label': 'Filter by method, path or id', 'aria-keyshortcuts': '/', oninput: () => { clearTimeout(this.typing); this.typing = setTimeout(change, 200); } });
    this.status = h('select', { 'aria-label': 'Status', onchange: change }, ...[['', 'Any status'], ['2', '2xx'], ['3', '3xx'], ['4', '4xx'], ['5', '5xx']].map(([value, text]) => h('option', { value }, text)));
    this.held = h('button', { type: 'button', 'aria-pressed': 'false', title: 'Holds the list as it is', onclick: () => { this.still = !this.still; set(this.held, 'aria-pressed', String(this.still)); this.draw(); } }, 'Hold');
    this.detail = h('section', { class: 'panel wide detail', 'aria-label': 'The request', hidden: true });
    this.none = h('p', { class: 'empty' });
    const scroll = (label, ...children) => h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': label }, ...children);
    this.grid = h('div', { class: 'grid reqs' },
      this.detail,
      h('section', { class: 'panel live', 'aria-label': 'Requests' },
        h('header', null, h('h2', null, 'Requests'), this.note = h('span', { class: 'soft' }), h('span', { class: 'end' }, this.find, this.status, this.held)),
        this.none,
        scroll('Requests, newest first', this.table = h('table', null, h('colgroup', null, ...['92px', '', '64px', '80px', '78px', '100px'].map((w, i) => { const c = h('col', { class: i > 3 || !i ? 'opt' : null }); if (w) c.style.width = w; return c; })), h('thead', null, h('tr', null, head('Time', 'opt'), head('Request'), head('Status', 'num'), head('Gateway', 'num'), head('Server', 'num opt'), head('By', 'opt'))), this.list))),
      h('div', { class: 'grid reqs-side side' },
        h('section', { class: 'panel', 'aria-label': 'By route' },
          h('header', null, h('h2', null, 'By route'), this.of),
          scroll('By route', h('table', null, h('thead', null, h('tr', null, head('Route'), sort('Requests', 'count'), sort('Failed', 'errors'), sort('p50', 'p50'), sort('p95', 'p95'))), this.routes))),
        h('section', { class: 'panel', 'aria-label': 'Slowest' },
          h('header', null, h('h2', null, 'Slowest')),
          scroll('Slowest', h('table', null, h('thead', null, h('tr', null, head('Request'), head('Status', 'num'), head('Gateway', 'num'), head('Server', 'num'))), this.slowest)))));
    this.root.append(h('div', { class: 'page' }, this.grid));
  }

  show(query) {
    this.by = query.get('by') || 'count';
    this.filter = { path: query.get('path') ?? '', status: query.get('status') ?? '' };
    if (document.activeElement !== this.find) this.find.value = this.filter.path;
    this.status.value = this.filter.status;
    for (const [th, by] of this.heads) set(th, 'aria-sort', by === this.by ? 'descending' : null);
    this.draw();
    this.statistics();
  }

  key(event) {
    if (event.key === '/') { event.preventDefault(); this.find.focus(); }
    if (event.key === 'Escape' && !this.detail.hidden) this.close();
  }

  take(kind, value) {
    if (kind === 'requests') this.rows = value.toReversed();
    else if (kind === 'rows') {
      this.rows.unshift(...value.rows.toReversed());
      this.rows.length = Math.min(this.rows.length, kept);
      this.missed += value.missed ?? 0;
      say(this.note, this.missed ? `${this.missed.toLocaleString()} came too fast to be listed` : '');
    } else if (kind === 'traffic') {
      this.traffic = value;
      this.statistics();
      return;
    } else if (kind !== 'project') return;
    if (!this.still) this.draw();
  }

  draw() {
    if (this.root.hidden) return;
    const { path, status } = this.filter;
    const find = path.toLowerCase();
    const some = [];
    for (const r of this.rows) {
      if (status && Math.floor(r.status / 100) !== Number(status)) continue;
      if (find && !`${r.method} ${r.path} ${r.id ?? ''}`.toLowerCase().includes(find)) continue;
      some.push(r);
      if (some.length === shown) break;
    }
    const project = this.app.project;
    say(this.none, project && !project.gateway ? 'No gateway is configured: there is nothing that sees all requests.' : this.rows.length ? 'No request matches.' : 'No request has come yet.');
    this.none.hidden = some.length > 0;
    this.table.hidden = !some.length;
    keep(this.list, some, (r) => this.row(r));
  }

  row(r) {
    return h('tr', null,
      h('td', { class: 'soft opt', title: moment(r.time, true) }, clock(r.time)), h('td', null, this.link(r)), statusCell(r),
      h('td', { class: 'num' }, seconds(r.seconds)), h('td', { class: 'num soft opt' }, r.upstream ? seconds(r.upstream) : '–'), h('td', { class: 'soft opt' }, r.server || '–'));
  }

  link(r) {
    return h('button', { type: 'button', class: 'link', title: `${r.method} ${plain(r.path)}`, onclick: () => this.select(r) }, h('span', { class: 'method' }, plain(r.method)), h('span', { class: 'path untrusted' }, plain(r.path)));
  }

  statistics() {
    const t = this.traffic;
    if (!t || this.root.hidden) return;
    say(this.of, t.of ? `of the last ${t.of.toLocaleString()}, since ${moment(t.from)}` : '');
    const most = Math.max(...t.routes.map((r) => r.p95), 0.001);
    keep(this.routes, t.routes.toSorted((a, b) => b[this.by] - a[this.by]).slice(0, 60), (r) => {
      const bar = h('i');
      bar.style.width = `${(100 * r.p95) / most}%`;
      return h('tr', null, h('td', { title: plain(r.path) }, h('span', { class: 'method' }, plain(r.method)), h('span', { class: 'path untrusted' }, plain(r.path))), h('td', { class: 'num' }, r.count.toLocaleString()), h('td', { class: `num${r.errors ? ' s5 status' : ' soft'}` }, r.errors || '–'), h('td', { class: 'num' }, seconds(r.p50)), h('td', { class: 'num' }, seconds(r.p95), h('span', { class: 'meter', 'aria-hidden': 'true' }, bar)));
    }, (r) => JSON.stringify([r, most]));
    keep(this.slowest, t.slowest.slice(0, 10), (r) => h('tr', null, h('td', null, this.link(r)), statusCell(r), h('td', { class: 'num' }, seconds(r.seconds)), h('td', { class: 'num soft' }, r.upstream ? seconds(r.upstream) : '–')), JSON.stringify);
  }

  /** One request, and the way to what was logged meanwhile. */
  select(r) {
    const began = new Date(new Date(r.time).getTime() - 1000 * r.seconds - 1000); // the log's times are that coarse
    this.detail.replaceChildren(
      h('header', null, h('b', null, h('span', { class: 'method' }, plain(r.method)), ' ', h('span', { class: 'path untrusted' }, plain(r.path))), h('span', { class: 'end' },
        r.id ? h('a', { class: 'button', href: address('logs', { grep: r.id }) }, 'Lines with its id') : null,
        h('a', { class: 'button', href: address('logs', { time: began.toISOString() }) }, 'Log of its moment'),
        h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close the request', onclick: () => this.close() }, '×'))),
      h('pre', { tabindex: '0', role: 'region', 'aria-label': 'The request' }, [['time', moment(r.time, true)], ['status', r.status], ['in the gateway', seconds(r.seconds)], ['in the server', r.upstream ? seconds(r.upstream) : '–'], ['server', r.server || '–'], ['bytes', r.bytes.toLocaleString()], ['id', r.id || '–']].map(([name, value]) => `${name.padEnd(16)}${plain(String(value))}`).join('\n')));
    this.detail.hidden = false;
    this.root.firstChild.scrollTop = 0;
    this.from = document.activeElement;
  }

  close() {
    this.detail.hidden = true;
    this.from?.focus();
  }
}

const statusCell = (r) => h('td', { class: `num status s${Math.floor(r.status / 100)}` }, String(r.status));
