import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { LabNode } from './node.ts';
import type { ManagedProcess } from './process.ts';

export interface TransferOptions {
  /** Of the receiving machine. */
  readonly address: string;
  /** Of 1,000,000 bytes; default 10. */
  readonly megabytes?: number;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

export interface TransferResult {
  /** Whether everything arrived in time, with the same checksum. */
  readonly complete: boolean;
  readonly milliseconds: number;
  /** What the sender complained about; empty when it did not. */
  readonly error: string;
}

const ENDS = join(import.meta.dirname, 'transfer-ends.ts');
const START_MS = 20_000;
let started = 0;

/** Sends random bytes over one TCP connection from one machine of the lab to another. That it fails is a result, too. */
export async function transfer(from: LabNode, to: LabNode, options: TransferOptions): Promise<TransferResult> {
  const { address, megabytes = 10, timeoutMs = 60_000 } = options;
  const log = join(to.folder, `transfer-${(started += 1)}.log`);
  const receiving = `receive({ address: '${address}', timeoutMs: ${timeoutMs + START_MS}, onPort: console.log })`;
  const receiver = await to.spawn(program(receiving), { stdout: log, stderr: log });
  try {
    const port = await firstLine(log, receiver);
    const begun = performance.now();
    const sending = program(`send({ address: '${address}', port: ${port} }, ${megabytes * 1e6})`);
    const { code, stdout, stderr } = await from.exec(sending, { timeoutMs });
    const milliseconds = performance.now() - begun;
    if (code !== 0) return { complete: false, milliseconds, error: stderr.trim() };
    await receiver.exited;
    // Both print bytes and checksum.
    return { complete: readFileSync(log, 'utf8') === `${port}\n${stdout}`, milliseconds, error: '' };
  } finally {
    receiver.kill('SIGKILL');
    await receiver.exited;
    await rm(log);
  }
}

/** One end, run by this very Node. */
function program(call: string): readonly string[] {
  const print = 'then((tally) => console.log(JSON.stringify(tally)))';
  return [process.execPath, '-e', `import('${ENDS}').then(({ receive, send }) => ${call}).${print}`];
}

/** Resolves when it is there. */
async function firstLine(log: string, process: ManagedProcess): Promise<string> {
  const ended = process.exited.then(() => true);
  const end = performance.now() + START_MS;
  for (;;) {
    const text = readFileSync(log, 'utf8');
    if (/^\d+\n/.test(text)) return text.slice(0, text.indexOf('\n'));
    if (!(await Promise.race([ended, sleep(20, false)])) && performance.now() < end) continue;
    throw new PeerwrightError('LabFailed', `Nobody receives: ${text.trim()}`);
  }
}
