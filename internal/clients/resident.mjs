// Keeps the generator loaded. One request a line on standard input, one answer
// a line on descriptor 3; ends with standard input.
import { writeSync, mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [entry, mode] = process.argv.slice(1).filter((a) => a !== '--');
const lines = createInterface({ input: process.stdin });
const queue = [];
let wake = () => {};
lines.on('line', (line) => { queue.push(line); wake(); });
lines.on('close', () => { queue.push(null); wake(); });
const next = async () => {
  while (queue.length === 0) await new Promise((resolve) => { wake = resolve; });
  return queue.shift();
};

let failed;
let createClient;
try {
  ({ createClient } = await import(pathToFileURL(entry).href));
} catch (error) {
  failed = error;
}
const run = async (input, output) => {
  if (failed) throw failed;
  await createClient({
    input,
    output: { path: output, clean: false },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
    logs: { level: 'silent', file: false },
    interactive: false,
  });
};

// What an error says, and what those say that it was made of.
const causes = (error, seen = new Set()) => {
  if (error == null || seen.has(error) || seen.size > 20) return [];
  if (typeof error !== 'object') return [String(error)];
  seen.add(error);
  const inner = [error.cause, error.originalError, error.error, ...(Array.isArray(error.errors) ? error.errors : [])];
  return [error.message, ...inner.flatMap((e) => causes(e, seen))].filter((m) => typeof m === 'string' && m.trim() !== '');
};

if (mode === 'warm' && !failed) {
  const paths = {};
  for (let i = 0; i < 100; i++) {
    paths[`/warm${i}/{id}`] = { get: { operationId: `warm${i}`, parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 200: { description: '', content: { 'application/json': { schema: { $ref: '#/components/schemas/Warm' } } } } } } };
  }
  const schemas = { Warm: { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: { type: 'array', items: { type: 'string' } }, c: { enum: ['x', 'y'] } } } };
  const folder = mkdtempSync(join(tmpdir(), 'muster-warm-'));
  try {
    for (let i = 0; i < 3 && queue.length === 0; i++) {
      await run({ openapi: '3.1.0', info: { title: 'warm', version: '1' }, paths, components: { schemas } }, join(folder, 'out'));
    }
  } catch { /* a real run tells why */ }
  rmSync(folder, { recursive: true, force: true });
}

for (let line = await next(); line !== null; line = await next()) {
  let answer = { ok: true };
  try {
    const { input, output } = JSON.parse(line);
    await run(input, output);
  } catch (error) {
    answer = { ok: false, error: [...new Set(causes(error))].join(': ') || String(error) };
  }
  writeSync(3, JSON.stringify(answer) + '\n');
}
process.exit(0);
