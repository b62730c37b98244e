// The page at work against a running stack:
//
//   BASE_URL     the page (http://127.0.0.1:8000)
//   API_URL      the API (BASE_URL)
//   KILL_CMD     kills a server (else: the process that health names)
//   RESTART_CMD  starts it again (else: a supervisor does)
//   KILL_MODULE  the module that goes down by it (datafeed)
//   MODEL_FILE   a Python file of models to change, where clients are regenerated on change
//   CHROMIUM     the browser; SHOTS_DIR: the folder for the screenshots
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch, open, shots, until } from './browser.mjs';
import { api, killer, restart } from './server.mjs';

const BASE = (process.env.BASE_URL || 'http://127.0.0.1:8000').replace(/\/$/, '');
const API = (process.env.API_URL || BASE).replace(/\/$/, '');

let browser;
let page;
let complaints;
const shot = (name, of = page) => of.screenshot({ path: join(shots, `${name}.png`) });
const ticket = () => page.getByRole('region', { name: 'New order' });
const order = (id) => page.locator(`[data-order="${id}"]`);
const state = (module) => page.locator(`[data-module="${module}"]`).getAttribute('data-state');
const radio = (scope, name) => scope.getByRole('radio', { name, exact: true });
const positions = () => page.getByRole('region', { name: 'Positions' });

before(async () => {
  browser = await launch();
  ({ page, complaints } = await open(browser, BASE));
});
after(async () => browser?.close());

/** Chooses as a person with a keyboard does. */
async function choose(input) {
  await input.focus();
  await page.keyboard.press('Space');
  assert.equal(await input.isChecked(), true);
}

test('the page loads and both connections come up', async () => {
  await page.getByRole('heading', { name: 'Trading desk' }).waitFor({ timeout: 30_000 });
  await until('connections are live', async () => (await state('broker')) === 'live' && (await state('datafeed')) === 'live');
  await until('all symbols are listed', async () => (await page.locator('[data-symbol] input[name=symbol]').count()) === 8);
});

test('a quote ticks and the chart has bars', async () => {
  const last = page.getByTestId('last');
  const first = await last.textContent();
  await until('the price moves', async () => (await last.textContent()) !== first);
  // The running bar may come over the WebSocket before those that REST brings.
  const bodies = await until('more than twenty candles are drawn', async () => {
    const drawn = await page.locator('path.bodies').evaluateAll((all) => all.map((p) => p.getAttribute('d')).join(''));
    return drawn.split('M').length > 20 ? drawn : undefined;
  });
  await until('the running bar moves', async () => (await page.locator('path.bodies').evaluateAll((all) => all.map((p) => p.getAttribute('d')).join(''))) !== bodies, 30_000);
});

test('another symbol is chosen with the arrow keys', async () => {
  await page.getByRole('radio', { name: /^AAPL/ }).focus();
  await page.keyboard.press('ArrowDown');
  await until('the chart follows', async () => (await page.getByRole('heading', { level: 2, name: 'AMZN' }).count()) === 1);
  await page.keyboard.press('ArrowUp');
  await until('and back', async () => (await page.getByRole('heading', { level: 2, name: 'AAPL' }).count()) === 1);
  await until('bars of it are there', async () => (await page.locator('path.bodies').first().getAttribute('d')) !== '');
});

test('a market order goes through REST and comes back over the WebSocket as a position', async () => {
  const frames = [];
  const held = (await api(API, '/broker/positions')).find((p) => p.symbol === 'MSFT')?.quantity ?? 0;
  const second = await open(browser, BASE); // an onlooker: what it sees can only have come by push
  second.page.on('request', (request) => request.method() === 'POST' && frames.push(request.url()));
  await until('the second page is live', async () => (await second.page.locator('[data-module=broker]').getAttribute('data-state')) === 'live');
  const before = await second.page.locator('[data-order]').count();

  await choose(page.getByRole('radio', { name: /^MSFT/ }));
  await choose(radio(ticket(), 'Market'));
  await ticket().getByLabel('Quantity').fill('3');
  const posted = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().endsWith('/api/v1/broker/orders'));
  await page.keyboard.press('Enter');
  const answer = await posted;
  assert.equal(answer.status(), 201);
  const placed = await answer.json();
  assert.equal(placed.status, 'filled');
  await ticket().getByText('Buy 3 MSFT: filled at').waitFor();
  await order(placed.id).waitFor();
  const quantity = positions().locator('tr[data-symbol=MSFT] td').first();
  await until('the position is shown', async () => Number(await quantity.textContent()) === held + 3);

  await until('the onlooker was told', async () => (await second.page.locator('[data-order]').count()) > before);
  assert.deepEqual(frames, [], 'the onlooker posted nothing');
  assert.deepEqual(second.complaints, []);
  await second.page.close();
});

test('a position moves with the market and is closed', async () => {
  const row = positions().locator('tr[data-symbol=MSFT]');
  const text = await row.textContent();
  await until('profit or loss moves', async () => (await row.textContent()) !== text, 20_000);
  await row.getByRole('button', { name: 'Close the position in MSFT' }).click();
  await until('it is gone', async () => (await row.count()) === 0);
});

test('a limit order waits, stands in the chart, and is cancelled', async () => {
  await choose(page.getByRole('radio', { name: /^AAPL/ }));
  await choose(radio(ticket(), 'Limit'));
  await until('a price is suggested', async () => Number(await ticket().getByLabel('Limit price').inputValue()) > 0);
  const { bid } = await api(API, '/datafeed/quotes/AAPL');
  await ticket().getByLabel('Limit price').fill((bid * 0.95).toFixed(2));
  const posted = page.waitForResponse((r) => r.request().method() === 'POST');
  await ticket().getByRole('button', { name: /^Buy/ }).click();
  const { id, status } = await (await posted).json();
  assert.equal(status, 'working');
  await until('it is listed as working', async () => (await order(id).getAttribute('data-status')) === 'working');
  await shot('light');
  await order(id).getByRole('button', { name: /^Cancel/ }).click();
  await until('it is cancelled', async () => (await order(id).getAttribute('data-status')) === 'cancelled');
  assert.equal((await api(API, `/broker/orders/${id}`)).status, 'cancelled');
});

test('an order of somebody else appears without a reload', async () => {
  const body = JSON.stringify({ type: 'limit', symbol: 'TSLA', side: 'sell', quantity: 1, limit_price: 9_999 });
  const { id } = await api(API, '/broker/orders', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await until('it is listed', async () => (await order(id).count()) === 1);
  await api(API, `/broker/orders/${id}`, { method: 'DELETE' });
  await until('its end is shown', async () => (await order(id).getAttribute('data-status')) === 'cancelled');
});

test('what is wrong is said where it belongs', async () => {
  await choose(radio(ticket(), 'Limit'));
  await ticket().getByLabel('Quantity').fill('');
  await ticket().getByLabel('Limit price').press('Enter');
  await ticket().getByText('Enter a quantity above zero.').waitFor();
  await ticket().getByLabel('Quantity').fill('1000000');
  await page.keyboard.press('Enter');
  await ticket().getByRole('alert').filter({ hasText: 'not enough buying power' }).waitFor();
  await choose(radio(ticket(), 'Market'));
});

test('nothing was complained about so far', () => {
  assert.deepEqual(complaints, []);
});

test('a killed server is shown and the page recovers', async (t) => {
  const kill = await killer(API);
  if (!kill) return t.skip('health is of a process without modules: name a command in KILL_CMD');
  const module = process.env.KILL_MODULE || 'datafeed';
  // Noted by the page itself: a supervisor may be quicker than a look at it.
  await page.locator(`[data-module="${module}"]`).evaluate((element) => {
    globalThis.seen = [];
    new MutationObserver(() => globalThis.seen.push(element.dataset.state)).observe(element, { attributes: true });
  });
  const [killed] = [Date.now(), await kill()];
  await until('it shows as lost', () => page.evaluate(() => globalThis.seen.includes('lost')));
  if ((await state(module)) === 'lost') await shot('lost');
  t.diagnostic(`shown as lost ${Date.now() - killed} ms after the kill`);
  await restart();
  await until('it is live again', async () => (await state('broker')) === 'live' && (await state('datafeed')) === 'live', 30_000);
  t.diagnostic(`live again ${Date.now() - killed} ms after the kill`);
  const last = page.getByTestId('last');
  const price = await last.textContent();
  await until('the price moves again', async () => (await last.textContent()) !== price);
  // The browser itself reports requests that fail while the server is gone.
  const own = complaints.filter((text) => !/WebSocket connection to|Failed to load resource/.test(text));
  assert.deepEqual(own, []);
  complaints.length = 0;

  await choose(radio(ticket(), 'Market'));
  await ticket().getByLabel('Quantity').fill('1');
  await page.keyboard.press('Enter');
  await ticket().getByText('Buy 1 AAPL: filled at').waitFor();
});

test('a changed model reaches the page', async (t) => {
  const file = process.env.MODEL_FILE;
  if (!file) return t.skip('no MODEL_FILE');
  const source = await readFile(file, 'utf8');
  const field = `note_${Date.now()}`;
  const here = BASE.replace(/[^/]*\.localhost/, '127.0.0.1'); // a name that a browser knows, and Node.js may not
  const types = `${here}/src/clients/trader-client-datafeed/types.gen.ts?raw`;
  const following = async (wanted) => (await (await fetch(types)).text()).includes(field) === wanted;
  assert.match(source, /class Quote\(Model\):\n.*\n\n/);
  try {
    await page.evaluate(() => (globalThis.sameDocument = true));
    const saved = Date.now();
    await writeFile(file, source.replace(/(class Quote\(Model\):\n.*\n\n)/, `$1    ${field}: Optional[str] = Field(default=None, description="Free text")\n`));
    await until('the page was loaded anew', () => page.evaluate(() => !globalThis.sameDocument), 30_000);
    t.diagnostic(`page reloaded ${Date.now() - saved} ms after the save`);
    await until('its client knows the field', () => following(true));
  } finally {
    await writeFile(file, source);
  }
  await until('and forgets it again', () => following(false), 30_000);
  await until('the page is live', async () => (await state('broker')) === 'live' && (await state('datafeed')) === 'live', 30_000);
  complaints.length = 0; // the servers were reloaded
});

test('it can be looked at in the dark and on a phone', async (t) => {
  for (const [name, options] of Object.entries({
    dark: { colorScheme: 'dark' },
    narrow: { viewport: { width: 390, height: 844 } },
    'narrow-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  })) {
    const view = await open(browser, BASE, options);
    await view.page.getByTestId('last').waitFor();
    await view.page.locator('path.bodies').first().waitFor({ state: 'attached' });
    const wide = await view.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(wide, false, `${name}: the page scrolls sideways`);
    await shot(name, view.page);
    assert.deepEqual(view.complaints, []);
    await view.page.close();
  }
  assert.deepEqual(complaints, []);
  t.diagnostic(`screenshots in ${shots}`);
});
