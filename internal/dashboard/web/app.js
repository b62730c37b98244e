import { address, dot, h, place, plain, say, well } from './page.js';
import { Logs } from './logs.js';
import { Requests } from './requests.js';
import { Stack } from './stack.js';

const $ = (id) => document.getElementById(id);

// The link's secret goes from the address into this tab's own storage, which no other
// page and no other port can read, and from there into a header. It is in no cookie.
const secret = 'muster-token';
if (location.hash.startsWith('#token=')) {
  sessionStorage.setItem(secret, location.hash.slice(7));
  history.replaceState(null, '', '#stack');
}

const app = {
  status: null, project: null, connected: false,
  query: (path, query) => `api/${path}?${new URLSearchParams(Object.entries(query ?? {}).filter(([, v]) => v !== '' && v != null && v !== false))}`,

  async fetch(path, query, options = {}) {
    const answer = await fetch(app.query(path, query), {
      ...options, cache: 'no-store', credentials: 'omit',
      headers: { ...options.headers, Authorization: `Bearer ${sessionStorage.getItem(secret) ?? ''}` },
    });
    if (answer.status === 401) {
      app.locked = true;
      notice('This page needs the link of this run. Open it with ', h('code', null, 'muster dev:dashboard -open'), '.');
      throw new Error('locked');
    }
    return answer;
  },

  async get(path, query, signal) {
    const answer = await app.fetch(path, query, { signal });
    const value = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(value.error), { hint: value.hint });
    return value;
  },

  /** Asks for something to be done, and shows how that goes. */
  async act(what, body) {
    const line = h('p', { class: 'soft untrusted' }, 'asked');
    const close = h('button', { type: 'button', class: 'quiet', 'aria-label': 'Close', onclick: () => card.remove() }, '×');
    const card = h('section', null, h('header', null, what, close), line);
    $('told').append(card);
    const fail = ({ error, hint }) => {
      line.className = 'failed untrusted';
      say(line, plain(error));
      if (hint) card.append(h('div', { class: 'hint untrusted' }, plain(hint)));
    };
    try {
      const answer = await app.fetch('act', null, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
      if (!answer.ok) throw new Error(await answer.text());
      let ok = false;
      for await (const step of objects(answer.body)) {
        if (step.trouble) fail(step.trouble);
        else if (step.warning) card.append(h('p', { class: 'untrusted' }, plain(step.warning)));
        else say(line, plain(step.done ?? step.step ?? ''));
        ok ||= Boolean(step.done);
      }
      if (ok) setTimeout(() => card.remove(), 4000);
    } catch (error) {
      fail({ error: error.message });
    }
  },

  go: (view, query) => { location.hash = address(view, query); },
};

function notice(...parts) {
  $('notice').replaceChildren(...parts);
  $('notice').hidden = parts.length === 0;
}

/** The objects of a stream, one a line. */
async function* objects(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}

// One stream for all that happens. A tab that nobody sees has none: a browser allows few
// connections to a host, and the server then has nothing to do.
let stream = null;
let again = 0;

app.connect = () => {
  stream?.abort();
  stream = null;
  clearTimeout(again);
  if (document.hidden || app.locked) return;
  const mine = new AbortController();
  stream = mine;
  listen(mine.signal).catch(() => {}).finally(() => {
    if (stream !== mine) return;
    stream = null;
    app.connected = false;
    head();
    again = setTimeout(app.connect, 500);
  });
};

// While something is pressed nothing changes: it could move away, and get no click.
let released = Promise.resolve();
addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return;
  const over = new AbortController();
  released = new Promise((done) => {
    const end = () => { over.abort(); setTimeout(done); }; // after the click
    for (const name of ['pointerup', 'pointercancel', 'blur']) addEventListener(name, end, { signal: over.signal });
    addEventListener('pointermove', (moved) => { if (!moved.buttons) end(); }, { signal: over.signal }); // a menu took its end
  });
}, true);

async function listen(signal) {
  let quiet = 0;
  const alive = () => { clearTimeout(quiet); quiet = setTimeout(() => { stream?.abort(); app.connect(); }, 25_000); };
  try {
    const answer = await app.fetch('stream', view().stream?.() ?? {}, { signal });
    if (!answer.ok) throw new Error(await answer.text());
    app.connected = true;
    for await (const frame of objects(answer.body)) {
      alive();
      await released;
      for (const [kind, value] of Object.entries(frame)) {
        try { take(kind, value); } catch (error) { reportError(error); } // the others are shown all the same
      }
    }
  } finally {
    clearTimeout(quiet);
  }
}

const views = { stack: new Stack(app, $('stack')), logs: new Logs(app, $('logs')), requests: new Requests(app, $('requests')) };
const view = () => views[place().view] ?? views.stack;

function take(kind, value) {
  if (kind === 'status') app.status = value;
  if (kind === 'project') {
    app.project = value;
    const trouble = value.trouble;
    if (trouble) notice(h('b', null, 'The configuration has mistakes. '), h('span', { class: 'untrusted' }, plain(trouble.error)));
    else notice();
  }
  if (kind === 'trouble') notice(h('span', { class: 'untrusted' }, plain(value.error)));
  for (const each of Object.values(views)) each.take?.(kind, value);
  if (kind === 'status' || kind === 'project') head();
}

/** The bar: whose stack it is, and how it is as a whole. */
function head() {
  if (app.project) say($('name'), app.project.name);
  const [state, text] = summary();
  const element = $('health');
  if (element.dataset.text === state + text) return;
  element.dataset.text = state + text;
  element.replaceChildren(...(state ? [dot(state)] : []), text);
  document.title = `${state && !well.has(state) ? '! ' : ''}${app.project?.name ?? 'muster'} · ${text}`;
}

function summary() {
  if (!app.connected || !app.status) return ['', app.locked ? 'locked' : 'connecting'];
  const all = app.status.processes.filter((p) => !p.spare);
  const count = (states) => all.filter((p) => states.includes(p.state)).length;
  if (!app.status.supervisor.alive && app.status.running) return ['unhealthy', 'no supervisor'];
  if (count(['failed'])) return ['failed', `${count(['failed'])} failed`];
  if (count(['unhealthy', 'backoff'])) return ['unhealthy', `${count(['unhealthy', 'backoff'])} not well`];
  if (count(['starting', 'stopping'])) return ['starting', 'changing'];
  const running = count(['healthy']);
  return running ? ['healthy', `${running} healthy`] : ['stopped', 'nothing runs'];
}

let shown = null;

function route() {
  const { view: name, query } = place();
  const next = view();
  for (const each of Object.values(views)) each.root.hidden = each !== next;
  for (const link of document.querySelectorAll('.tabs a')) {
    if (link.hash.slice(1) === (views[name] ? name : 'stack')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const entered = shown !== next;
  if (entered) {
    shown?.leave?.();
    shown = next;
  }
  next.show(query, entered);
}

addEventListener('hashchange', route);
document.addEventListener('visibilitychange', () => { if (document.hidden !== !stream) app.connect(); });

// Light or dark, as the system has it until somebody chooses.
const theme = () => localStorage.getItem('muster-theme');
const paint = () => { if (theme()) document.documentElement.dataset.theme = theme(); else delete document.documentElement.dataset.theme; };
paint();
$('theme').addEventListener('click', () => {
  const dark = theme() ? theme() === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  localStorage.setItem('muster-theme', dark ? 'light' : 'dark');
  paint();
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
  const tab = { 1: 'stack', 2: 'logs', 3: 'requests' }[event.key];
  if (tab) location.hash = tab;
  else view().key?.(event);
});

head();
route();
app.connect();
