import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabNode } from './node.ts';

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Average round trip; undefined when nothing came back. */
  readonly rttMs: number | undefined;
}

export interface LossCount {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Runs of lost requests, by sequence number from 1. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
}

export interface PingedFlow extends LossCount {
  /** How many requests were under way at once at most, by its slowest answer; 1 on a machine that has time for them. */
  readonly mostUnderWay: number;
}

export interface RunningPing {
  /** What it printed until now; an answer on its way looks lost. */
  soFar(): LossCount;
  /** Waits up to a second for the answers to what was sent until now, then ends it and counts. */
  stop(): Promise<PingedFlow>;
}

const DRAIN_MS = 1_000;
let started = 0;

/** A few requests, `intervalMs` apart (default 200), each given one second. */
export async function ping(
  node: LabNode,
  address: string,
  { count = 3, intervalMs = 200 }: { readonly count?: number; readonly intervalMs?: number } = {},
): Promise<PingResult> {
  const argv = ['ping', '-n', '-c', String(count), '-i', String(intervalMs / 1000), '-W', '1', address];
  const { stdout } = await node.exec(argv, { timeoutMs: count * intervalMs + 10_000 });
  const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  const average = /= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1];
  return {
    sent: Number(sent),
    received: Number(received),
    rttMs: average === undefined ? undefined : Number(average),
  };
}

/** ping sleeps whole ticks of the kernel (4 ms with HZ=250) and rounds up: 10 ms would give 63 a second. */
function intervalSeconds(perSecond: number): number {
  const tick = 4;
  return Math.max(tick, Math.floor(1_000 / perSecond / tick) * tick) / 1_000;
}

/** Sends at least `perSecond` requests (default 100) until stopped, and counts every single one. */
export async function startPing(
  node: LabNode,
  address: string,
  { perSecond = 100 }: { readonly perSecond?: number } = {},
): Promise<RunningPing> {
  const file = join(node.folder, `ping-${(started += 1)}.log`);
  const interval = intervalSeconds(perSecond);
  const argv = ['ping', '-n', '-O', '-i', String(interval), address];
  const process = await node.spawn(argv, { stdout: file, stderr: file });
  const upTo = (last?: number): LossCount => {
    const seen = parsePing(readFileSync(file, 'utf8'));
    return countLoss(seen.answered, last ?? seen.last);
  };
  return {
    soFar: () => upTo(),
    async stop() {
      // What is sent from here on would be cut off on its way, so it does not count.
      const { sent } = upTo();
      const end = performance.now() + DRAIN_MS;
      while (upTo(sent).lost > 0 && performance.now() < end) await sleep(20);
      const counted = upTo(sent);
      const { slowestMs } = parsePing(readFileSync(file, 'utf8'));
      process.kill('SIGKILL');
      await process.exited;
      await rm(file);
      return { ...counted, mostUnderWay: Math.max(1, Math.ceil(slowestMs / (interval * 1_000))) };
    },
  };
}

export interface PingOutput {
  /** Sequence numbers. */
  readonly answered: ReadonlySet<number>;
  /** The last one known to be sent. */
  readonly last: number;
  /** The longest round trip; 0 when there was none. */
  readonly slowestMs: number;
}

/** What `ping -O` printed. */
export function parsePing(output: string): PingOutput {
  const answered = new Set<number>();
  let last = 0;
  let slowestMs = 0;
  for (const [, seen = '', time] of output.matchAll(LINE)) {
    // Sequence numbers have 16 bits; the nearest to the last one is meant.
    const sequence = last + ((((Number(seen) - last) % 65_536) + 98_304) % 65_536) - 32_768;
    last = Math.max(last, sequence);
    if (time === undefined) continue;
    answered.add(sequence);
    slowestMs = Math.max(slowestMs, Number(time));
  }
  return { answered, last, slowestMs };
}

/** An answer has ` ttl=… time=…`; `no answer yet for icmp_seq=…` and `Destination … Unreachable` have not. */
const LINE = /icmp_seq=(\d+)(?: ttl=\d+ time=([\d.]+)| |$)/gm;

/** Counts requests 1 to `last`. */
export function countLoss(answered: ReadonlySet<number>, last: number): LossCount {
  const gaps: { from: number; to: number }[] = [];
  for (let sequence = 1; sequence <= last; sequence += 1) {
    if (answered.has(sequence)) continue;
    const open = gaps.at(-1);
    if (open?.to === sequence - 1) open.to = sequence;
    else gaps.push({ from: sequence, to: sequence });
  }
  const lost = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return { sent: last, received: last - lost, lost, gaps };
}
