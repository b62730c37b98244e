import { exec } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(exec);

/** Calls the API as a second client would. */
export async function api(origin, path, init = {}) {
  const response = await fetch(`${origin}/api/v1${path}`, { ...init, signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/**
 * How a server can be killed: by the command in KILL_CMD, or as the process
 * that `health` names where that one serves every module. Undefined: not at all.
 */
export async function killer(origin) {
  const command = process.env.KILL_CMD;
  if (command) return () => run(command);
  const { pid, modules } = await api(origin, '/health');
  if (!modules.includes('broker') || !modules.includes('datafeed')) return undefined;
  return async () => {
    // A reloader waits for a change of a source when its worker dies: it goes, too.
    for (const id of [await reloader(pid), pid]) if (id) kill(id);
  };
}

/** Kills a process, which its supervisor may have ended meanwhile with the rest of its group. */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The parent of a worker, where it is the same program. */
async function reloader(pid) {
  const parent = Number(await look(pid, 'ppid', async (proc) => (await readFile(`${proc}/stat`, 'utf8')).split(') ').pop().split(' ')[1]));
  const args = await look(parent, 'args', (proc) => readFile(`${proc}/cmdline`, 'utf8'));
  return /\buvicorn\b/.test(args) ? parent : undefined;
}

/** A column of ps, read from Linux's /proc where that is: not every machine has ps. */
async function look(pid, column, read) {
  const proc = `/proc/${Number(pid)}`;
  if (existsSync(proc)) return read(proc);
  return (await run(`ps -o ${column}= -p ${Number(pid)}`)).stdout;
}

/** Starts the server again where nobody else does: by the command in RESTART_CMD. */
export async function restart() {
  if (process.env.RESTART_CMD) await run(process.env.RESTART_CMD);
}
