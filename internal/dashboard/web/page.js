// What all views are made with. Text is always set as text: nothing here makes markup of it.

/** An element: properties, then children, which are elements or texts. */
export function h(name, props, ...children) {
  return fill(document.createElement(name), props, children);
}

/** The same for SVG. */
export function s(name, props, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), props, children);
}

function fill(element, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** Changes a text only if it is another one: what a screen reader or a selection is at stays. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function set(element, name, value) {
  if (value == null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Gives an element one child for each item, in their order. A child that is there already
 * is neither made anew nor moved without need: it would lose the focus, what is selected
 * in it, and the click that has begun on it.
 */
export function keep(parent, items, make, key = (item) => item) {
  const old = new Map([...parent.children].map((child) => [child.of, child]));
  const children = items.map((item) => old.get(key(item)) ?? Object.assign(make(item), { of: key(item) }));
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}

/** Controls of a text that others wrote, which would act on its surroundings, are shown. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
export const plain = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

const shapes = {
  healthy: 'M1 5.5a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z',
  succeeded: 'M1 6l3 3.2L10 2',
  starting: 'M5.5 1a4.5 4.5 0 1 1-4.3 3.2',
  stopping: 'M5.5 1a4.5 4.5 0 1 1-4.3 3.2',
  unhealthy: 'M5.5 1L10.3 9.6H.7z',
  backoff: 'M5.5 1L10.3 9.6H.7z',
  failed: 'M1.5 1.5l8 8M9.5 1.5l-8 8',
  stopped: 'M1.5 5.5a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
};
const filled = new Set(['healthy', 'unhealthy']);

/** The shape of a state, beside which its name is to stand. */
export function dot(state) {
  return s('svg', { class: `dot is-${state}`, viewBox: '0 0 11 11', 'aria-hidden': 'true' },
    s('path', { d: shapes[state] ?? shapes.stopped, class: filled.has(state) ? 'fill' : null }));
}

export const well = new Set(['healthy', 'succeeded']);

export function bytes(n) {
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (n < 1000 || unit === 'GB') return `${n < 10 && unit !== 'B' ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1000;
  }
}

export function seconds(n) {
  if (n < 0.001) return `${Math.round(n * 1e6)} µs`;
  if (n < 0.01) return `${(n * 1e3).toFixed(1)} ms`;
  if (n < 1) return `${Math.round(n * 1e3)} ms`;
  return n < 60 ? `${n.toFixed(1)} s` : age(n);
}

/** How long something lasts, in the two largest units. */
export function age(n) {
  n = Math.floor(n);
  if (n < 60) return `${n} s`;
  if (n < 3600) return `${Math.floor(n / 60)} min`;
  if (n < 86400) return `${Math.floor(n / 3600)} h ${Math.floor(n / 60) % 60} min`;
  return `${Math.floor(n / 86400)} d ${Math.floor(n / 3600) % 24} h`;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const two = (n) => String(n).padStart(2, '0');

/** The time of day, with milliseconds if asked for. */
export function clock(time, fine) {
  const t = new Date(time);
  if (Number.isNaN(t.getTime())) return '';
  const text = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  return fine ? `${text}.${String(t.getMilliseconds()).padStart(3, '0')}` : text;
}

/** The same with the day, unless that is today. */
export function moment(time, fine) {
  const t = new Date(time);
  return t.toDateString() === new Date().toDateString() ? clock(t, fine) : `${day.format(t)} ${clock(t, fine)}`;
}

/** Copies a text, and says so on the button. */
export async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => { button.textContent = before; }, 1200);
}

/** The place in the address: the view, and what of it is shown. */
export function place() {
  const [view, query] = location.hash.slice(1).split('?');
  return { view: view || 'stack', query: new URLSearchParams(query) };
}

export function address(view, query) {
  const text = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value)).toString();
  return `#${view}${text && `?${text}`}`;
}
