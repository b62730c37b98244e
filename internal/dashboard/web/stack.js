import { address, age, bytes, clock, dot, h, keep, moment, plain, s, say, seconds, set, well } from './page.js';

const kept = 150; // points of a curve

/** What runs, the routes to it, what happened. */
export class Stack {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.rows = new Map();
    this.curves = {};
    this.events = [];
    this.traffic = { servers: {} };
    this.build();
  }

  build() {
    const act = (label, body, title) => h('button', { type: 'button', title, onclick: () => this.app.act(label, body) }, label);
    this.tasks = h('span', { class: 'end' });
    this.body = h('tbody');
    this.map = h('div', { class: 'map' });
    this.routes = h('tbody');
    this.list = h('ol');
    this.docs = h('div', { class: 'docs' });
    const head = (text, kind) => h('th', { scope: 'col', class: kind }, text);
    const processes = h('section', { class: 'panel wide', 'aria-label': 'Processes' },
      h('header', null, h('h2', null, 'Processes'), this.note = h('span', { class: 'soft' }), h('span', { class: 'end' },
        this.tasks,
        act('Start all', { do: 'start' }, 'Starts what does not run'),
        act('Restart all', { do: 'restart' }, 'Restarts all but this page'),
        act('Rolling restart', { do: 'rolling' }, 'Restarts one server after the other, while stand-ins serve'),
        act('Reload', { do: 'reload' }, 'Takes the configuration over as it is now'),
        act('Stop all', { do: 'stop' }, 'Stops all but this page'))),
      h('table', { class: 'procs' },
        h('thead', null, h('tr', null, head('Process'), head('State'), head('Processor'), head('Memory'), head('Restarts', 'num'), head('Up', 'num'), h('th', { scope: 'col' }, h('span', { class: 'hidden' }, 'Acts')))),
        this.body));
    const gateway = h('section', { class: 'panel', 'aria-label': 'Routes' },
      h('header', null, h('h2', null, 'Routes'), this.routeNote = h('span', { class: 'soft' }, 'the last minute')), this.map,
      h('details', { class: 'routes' }, h('summary', null, 'All routes'),
        h('table', null, h('thead', null, h('tr', null, head('Path'), head('Server'), head('Instances'))), this.routes)));
    const happened = h('section', { class: 'panel', 'aria-label': 'What happened' },
      h('header', null, h('h2', null, 'What happened')),
      h('div', { class: 'events', tabindex: '0', role: 'region', 'aria-label': 'What happened, newest first' }, this.list));
    this.documents = h('section', { class: 'panel wide', 'aria-label': 'Documents and clients', hidden: true },
      h('header', null, h('h2', null, 'Documents and clients'), this.docNote = h('span')), this.docs);
    this.grid = h('div', { class: 'grid', hidden: true }, processes, gateway, happened, this.documents);
    this.root.append(h('div', { class: 'page' }, this.grid));
    new ResizeObserver(() => this.draw()).observe(this.map);
    setInterval(() => { if (!this.root.hidden && !document.hidden) this.ages(); }, 1000);
  }

  show() {
    this.status();
    this.draw();
  }

  take(kind, value) {
    switch (kind) {
      case 'status': this.at = Date.now(); this.status(); this.draw(); break;
      case 'project': this.project(value); break;
      case 'curves': this.curves = value; this.points(); break;
      case 'usage': this.usage(value); break;
      case 'traffic': this.traffic = value; this.draw(); break;
      case 'events': this.events = value.toReversed().slice(0, 160); this.happened(); break;
      case 'event': this.events.unshift(value); this.events.length = Math.min(this.events.length, 160); this.happened(); break;
      case 'documents': this.document(value); break;
    }
  }

  project(p) {
    keep(this.tasks, p.tasks, (name) => h('button', { type: 'button', onclick: () => this.app.act(`Run ${name}`, { do: 'run', names: [name] }) }, `Run ${name}`));
    this.routes.replaceChildren(...p.routes.map((r) => h('tr', null,
      h('td', null, `${r.path}${r.prefix ? '*' : ''}${r.param ? `?${r.param}=${r.value}` : ''}`), h('td', null, r.server), h('td', null, r.problem ? h('span', { class: 'tag stale' }, r.problem) : (r.instances ?? []).join(' ')))));
    this.draw();
  }

  status() {
    const st = this.app.status;
    if (!st || this.root.hidden) return;
    this.grid.hidden = false;
    this.rows = new Map(st.processes.map((p) => [p.name, this.rows.get(p.name) ?? this.row(p)]));
    keep(this.body, [...this.rows.values()], (row) => row.tr);
    for (const p of st.processes) this.update(this.rows.get(p.name), p);
    const notes = [...st.warnings];
    if (!st.supervisor.alive && st.running) notes.push('the supervisor is gone, its processes run on: a start adopts them');
    if (st.elsewhere) notes.push('these run in another container');
    say(this.note, notes.join(' · '));
    this.points();
    this.ages();
  }

  row(p) {
    const r = { state: h('span', { class: 'state' }), why: h('div', { class: 'why untrusted' }), last: h('div', { class: 'last untrusted', tabindex: '0', role: 'region', 'aria-label': `Last lines of ${p.name}` }), restarts: h('span', { class: 'restarts' }), up: h('span') };
    r.cpu = curve('processor');
    r.rss = curve('memory');
    const button = (label, body) => h('button', { type: 'button', class: 'quiet', 'aria-label': `${label} ${p.name}`, onclick: () => this.app.act(`${label} ${p.name}`, body) }, label);
    r.start = p.kind === 'task' ? button('Run', { do: 'run', names: [p.name] }) : button('Start', { do: 'start', names: [p.name] });
    r.restart = button('Restart', { do: 'restart', names: [p.name] });
    r.stop = button('Stop', { do: 'stop', names: [p.name] });
    r.log = h('a', { class: 'button quiet', href: address('logs', { only: p.name }), 'aria-label': `Log of ${p.name}` }, 'Log');
    r.open = h('a', { class: 'button quiet', target: '_blank', rel: 'noopener noreferrer', 'aria-label': `Open ${p.name}` }, 'Open');
    r.tr = h('tr', null,
      h('td', { class: 'proc' }, h('b', null, p.name), h('small', null, p.kind), r.why, r.last),
      h('td', null, r.state), h('td', null, r.cpu.root), h('td', null, r.rss.root),
      h('td', { class: 'num' }, r.restarts), h('td', { class: 'num' }, r.up),
      h('td', null, h('div', { class: 'acts' }, r.open, r.log, r.start, r.restart, r.stop)));
    return r;
  }

  update(r, p) {
    r.p = p;
    const focused = document.activeElement;
    const runs = p.pid !== 0 || ['starting', 'backoff'].includes(p.state);
    set(r.tr, 'class', `is-${p.state}`);
    if (r.state.dataset.state !== p.state) {
      r.state.dataset.state = p.state;
      r.state.replaceChildren(dot(p.state), p.state);
    }
    const why = [p.detail, p.waits_for && `waits for ${p.waits_for}`, p.external && 'started elsewhere', p.debug && `debugger on 127.0.0.1:${p.debug}`].filter(Boolean).join('; ');
    say(r.why, plain(why));
    r.why.hidden = !why;
    say(r.last, (p.last_lines ?? []).map(plain).join('\n'));
    r.last.hidden = !p.last_lines?.length || well.has(p.state);
    say(r.restarts, String(p.restarts));
    set(r.restarts, 'data-some', p.restarts ? '' : null);
    r.start.hidden = runs || p.external;
    r.restart.hidden = !runs || p.external;
    r.stop.hidden = !runs || p.external || p.name === 'muster-dashboard';
    r.open.hidden = !/^https?:\/\//.test(p.url) || p.name === 'muster-dashboard';
    if (!r.open.hidden) set(r.open, 'href', p.url);
    if (focused?.hidden && r.tr.contains(focused)) (runs ? r.restart : r.start).focus(); // what was done cannot be done twice
  }

  ages() {
    const since = (Date.now() - this.at) / 1000;
    for (const { p, up } of this.rows.values()) {
      const n = p.uptime_seconds || (p.pid ? 0 : NaN);
      say(up, Number.isNaN(n) ? '–' : age(n + since));
    }
  }

  usage(points) {
    for (const [name, p] of Object.entries(points)) {
      const all = this.curves[name] ??= [];
      all.push(p);
      if (all.length > kept) all.shift();
    }
    for (const name of Object.keys(this.curves)) if (!points[name]) delete this.curves[name];
    this.points();
  }

  points() {
    if (this.root.hidden) return;
    for (const [name, r] of this.rows) {
      const all = this.curves[name] ?? [];
      const now = all.at(-1);
      r.cpu.draw(all.map((p) => p.cpu), 5, now ? `${now.cpu < 10 ? now.cpu.toFixed(1) : Math.round(now.cpu)} %` : '–');
      r.rss.draw(all.map((p) => p.rss), 1e6, now ? bytes(now.rss) : '–');
    }
  }

  /** The picture: the gateway, the servers behind it, and what goes there. */
  draw() {
    const project = this.app.project;
    const width = this.map.clientWidth - 32;
    if (!project || this.root.hidden || width <= 0) return;
    const servers = new Map();
    for (const r of project.routes) {
      if (!servers.has(r.server)) servers.set(r.server, []);
      servers.get(r.server).push(`${r.path}${r.prefix ? '*' : ''}${r.param ? `?${r.param}=${r.value}` : ''}`);
    }
    if (!project.gateway || !servers.size) {
      this.map.replaceChildren(h('p', { class: 'soft' }, project.gateway ? 'The gateway has no routes.' : 'No gateway is configured: there is nothing between clients and servers.'));
      return;
    }
    const narrow = width < 520;
    const states = new Map();
    for (const p of this.app.status?.processes ?? []) {
      if (!states.has(p.server)) states.set(p.server, []);
      states.get(p.server).push(p.state);
    }
    const left = narrow ? 12 : Math.min(170, width * 0.24);
    const gap = narrow ? 34 : Math.min(150, width * 0.16);
    const boxX = left + gap;
    const boxW = width - boxX;
    const boxH = 66;
    const step = boxH + 12;
    const top = narrow ? 62 : 0;
    const height = top + servers.size * step - 12;
    const middle = narrow ? 25 : Math.max(30, height / 2);
    const gate = worst(states.get('nginx'));
    const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, height: String(height), role: 'img' });
    const told = [];
    let i = 0;
    for (const [server, paths] of servers) {
      const y = top + i++ * step;
      const w = this.traffic.servers[server];
      const count = sum(w?.counts);
      const errors = sum(w?.errors);
      const rate = sum(w?.counts?.slice(-5)) / 5;
      const state = worst(states.get(server));
      const failing = state && !['healthy', 'starting', 'stopping'].includes(state);
      const x0 = narrow ? 12 : left;
      const y0 = narrow ? 50 : middle;
      const mid = y + boxH / 2;
      const path = narrow ? `M${x0} ${y0}V${mid}H${boxX}` : `M${x0} ${y0}C${x0 + gap * 0.55} ${y0} ${boxX - gap * 0.55} ${mid} ${boxX} ${mid}`;
      svg.append(s('path', { d: path, class: `edge${count ? ' live' : ''}${failing ? ' failing' : ''}`, 'stroke-width': (1.5 + Math.min(2.5, Math.log2(1 + rate) / 2)).toFixed(1) }));
      const figures = count ? `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s · ${count} requests` : 'no requests';
      const room = Math.floor((boxW - 28) / 7);
      const instances = (states.get(server) ?? []).length;
      svg.append(s('g', { transform: `translate(${boxX} ${y})` },
        s('rect', { class: `box${failing ? ' bad' : ''}`, width: String(boxW), height: String(boxH), rx: '8' }),
        nested(dot(state ?? 'stopped'), 14, 14, 11),
        s('text', { class: 'name', x: '32', y: '24' }, fit(server, Math.floor(boxW / 18)), s('tspan', { class: 'dim', dx: '8' }, instances > 1 ? `× ${instances}` : '')),
        s('text', { class: 'dim', x: String(boxW - 14), y: '24', 'text-anchor': 'end' }, figures, errors ? s('tspan', { class: 'err', dx: '6' }, `${errors} failed`) : ''),
        s('text', { class: 'path', x: '14', y: '50' }, fit(paths.join('  '), Math.floor(room - (boxW > 420 ? 24 : 0)))),
        boxW > 420 ? bars(w, boxW - 14 - 150, 58, 150, 22) : null));
      told.push(`${server} ${state ?? 'not running'}, ${figures}${errors ? `, ${errors} failed` : ''}`);
    }
    svg.append(s('g', { transform: `translate(0 ${narrow ? 0 : middle - 30})` },
      s('rect', { class: 'box', width: String(narrow ? width : left), height: narrow ? '50' : '60', rx: '8' }),
      nested(dot(gate ?? 'stopped'), 14, narrow ? 19 : 16, 11),
      s('text', { class: 'name', x: '32', y: narrow ? '29' : '26' }, 'gateway'),
      s('text', { class: 'path', x: narrow ? String(width - 14) : '14', 'text-anchor': narrow ? 'end' : 'start', y: narrow ? '29' : '47' }, fit((project.url ?? '').replace(/^https?:\/\//, ''), Math.floor((narrow ? width - 120 : left - 20) / 6.9)))));
    svg.setAttribute('aria-label', `Gateway ${gate ?? 'not running'}. ${told.join('. ')}`);
    this.map.replaceChildren(svg);
  }

  happened() {
    let ended = ''; // what it says of its end is enough
    const told = this.events.filter((e) => {
      if (e.event === 'end') ended = e.operation;
      if (e.event !== 'begin' || e.operation !== ended) return true;
      ended = '';
      return false;
    }).filter((e) => tell(e)[0]);
    keep(this.list, told.length ? told : [null], (e) => {
      if (!e) return h('li', null, h('span'), h('span', { class: 'soft' }, 'Nothing yet'));
      const [text, bad] = tell(e);
      return h('li', null, h('time', { datetime: e.time, title: moment(e.time, true) }, clock(e.time)), h('span', { class: `untrusted${bad ? ' bad' : ''}` }, e.breaking ? h('span', { class: 'tag breaking' }, 'breaking') : null, e.breaking ? ' ' : null, plain(text)));
    });
  }

  document(d) {
    this.documents.hidden = false;
    const stale = d.clients.filter((c) => !c.fresh).length;
    this.docNote.replaceChildren(d.trouble ? h('span', { class: 'tag stale' }, plain(d.trouble)) : stale ? h('span', { class: 'tag stale' }, `${stale} stale`) : h('span', { class: 'tag fresh' }, 'all fresh'));
    const column = (title, rows, none) => h('div', null, h('h3', null, title), h('ul', null, rows.length ? rows : h('li', { class: 'soft' }, none)));
    this.docs.replaceChildren(
      column('Documents', d.modules.map((m) => h('li', null, h('b', null, m.name), h('span', { class: 'soft' }, [m.paths && `${m.paths} paths`, m.channels && `${m.channels} channels`].filter(Boolean).join(', ')), h('time', { class: 'soft', datetime: m.written }, moment(m.written)))), 'None is exported yet'),
      column('Clients', d.clients.map((c) => h('li', null, h('span', { class: 'mono untrusted' }, c.place), h('span', { class: `tag ${c.fresh ? 'fresh' : 'stale'}`, title: c.why }, c.fresh ? 'fresh' : 'stale'))), 'None is made'),
      column('Changes', d.changed.slice(0, 12).map((c) => h('li', null, c.breaking ? h('span', { class: 'tag breaking' }, 'breaking') : null, h('span', { class: 'untrusted' }, `${c.module}: ${plain(c.change)}`), h('time', { class: 'soft', datetime: c.time }, clock(c.time)))), 'None yet'));
  }
}

const sum = (list) => (list ?? []).reduce((a, b) => a + b, 0);
const order = ['failed', 'backoff', 'unhealthy', 'starting', 'stopping', 'stopped', 'healthy', 'succeeded'];
const worst = (states) => states && order.find((one) => states.includes(one));
const fit = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

function nested(svg, x, y, size) {
  for (const [name, value] of Object.entries({ x, y, width: size, height: size })) svg.setAttribute(name, String(value));
  return svg;
}

/** The requests of each second. */
function bars(w, x, bottom, width, height) {
  if (!w) return null;
  const most = Math.max(...w.counts, 1);
  const each = width / w.counts.length;
  const g = s('g');
  w.counts.forEach((n, i) => {
    if (!n) return;
    const tall = Math.max(1.5, (n / most) * height);
    const bar = (kind, high) => g.append(s('rect', { class: `bar${kind}`, x: (x + i * each).toFixed(1), y: (bottom - high).toFixed(1), width: Math.max(1, each - 0.8).toFixed(1), height: high.toFixed(1) }));
    bar('', tall);
    if (w.errors[i]) bar(' bad', Math.max(2, (tall * w.errors[i]) / n));
  });
  return g;
}

/** A small curve, and its newest value as text. */
function curve(what) {
  const line = s('polyline');
  const area = s('polygon', { class: 'area' });
  const value = h('span');
  const root = h('span', { class: 'curve' }, h('span', { class: 'num' }, h('span', { class: 'hidden' }, `${what} `), value),
    s('svg', { viewBox: '0 0 92 26', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, s('path', { class: 'base', d: 'M0 25.5H92' }), area, line));
  return {
    root,
    draw(all, least, text) {
      const most = Math.max(least, ...all) * 1.15;
      const points = all.map((v, i) => `${(92 - (all.length - 1 - i) * (92 / (kept - 1))).toFixed(1)},${(25 - (v / most) * 24).toFixed(1)}`);
      line.setAttribute('points', points.join(' '));
      area.setAttribute('points', points.length ? `${points[0].split(',')[0]},26 ${points.join(' ')} 92,26` : '');
      say(value, text);
    },
  };
}

/** An event as people say it, and whether it is a bad one. */
function tell(e) {
  const names = (list) => (list ?? []).join(', ');
  switch (e.event) {
    case 'state': {
      const why = e.detail ? `: ${e.detail}` : e.waits_for ? `, waits for ${e.waits_for}` : '';
      return [`${e.process} ${e.state}${why}`, ['failed', 'unhealthy', 'backoff'].includes(e.state)];
    }
    case 'begin': return [`${e.operation} ${names(e.names)}`.trim()];
    case 'end': {
      const did = [e.added && `started ${names(e.added)}`, e.removed && `stopped ${names(e.removed)}`, e.restarted && `restarted ${names(e.restarted)}`].filter(Boolean).join('; ');
      return [e.error ? `${e.operation} failed: ${e.error}` : `${e.operation} ${names(e.names)} done in ${seconds(e.seconds ?? 0)}${did ? ` (${did})` : ''}`, Boolean(e.error)];
    }
    case 'reload': return [`${e.process} loads its changed sources`];
    case 'api': return [`${e.module}: ${e.change}`, e.breaking];
    case 'clients': return [`${e.clients} clients made: ${e.files} files`];
    case 'supervisor': return [`supervisor ${e.state}`];
  }
  return [''];
}
