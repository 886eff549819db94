import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { namespaces, processesIn } from '../../tools/lab/namespace.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'tools/demo/main.ts');
const BOUND_MS = 120_000;

/** The demos' folder for temporary files: what somebody else's demo left on this machine is not theirs. */
const TMPDIR = mkdtempSync(join(tmpdir(), 'peerwright-'));
afterAll(() => rmSync(TMPDIR, { recursive: true, force: true }));

const running: Demo[] = [];

afterEach(async () => {
  for (const demo of running.splice(0)) await demo.interrupt();
});

interface Demo {
  readonly text: () => string;
  /** Resolves when this was printed. */
  seen(text: string): Promise<void>;
  /** What runs in the demo's namespaces now. */
  pids(): readonly number[];
  /** Ctrl-C in its terminal, as often as told; resolves to the exit code. */
  interrupt(times?: number): Promise<number | null>;
  kill(): Promise<void>;
  readonly exit: Promise<number | null>;
}

function start(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Demo {
  const [program = '', ...args] = argv;
  const environment = { ...process.env, TMPDIR, DEMO_ONCE: '', ...env };
  const child = spawn(program, args, { cwd: ROOT, detached: true, env: environment });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  const demo = {
    exit,
    text: () => text,
    seen: (wanted: string) => expect.poll(() => text, { timeout: BOUND_MS, interval: 20 }).toContain(wanted),
    pids: () => namespaces().filter(isOurs).flatMap(processesIn),
    async interrupt(times = 1) {
      for (let time = 0; time < times; time += 1) signalGroup(child, 'SIGINT');
      return exit;
    },
    async kill() {
      signalGroup(child, 'SIGKILL');
      await exit;
    },
  };
  running.push(demo);
  return demo;
}

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
}

const isOurs = (name: string): boolean => name.startsWith('demo-');
const lines = (program: string, ...args: string[]): string[] =>
  execFileSync(program, args, { encoding: 'utf8' }).split('\n');

/** All that a demo could leave on this machine. */
function left() {
  return {
    namespaces: lines('ip', 'netns', 'list').filter(isOurs),
    links: lines('ip', '-o', 'link').filter((line) => / demo-/.test(line)),
    tables: lines('nft', 'list', 'tables'),
    processes: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes('peerwright-demo-')),
    folders: readdirSync(TMPDIR).filter((name) => name.startsWith('peerwright-demo-')),
    claims: existsSync('/run/peerwright-lab/lab-demo'),
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** One that has ended and that nobody has asked for yet has no command line any more. */
const isAlive = (pid: number): boolean => commandLine(String(pid)) !== '';
const NOTHING = { namespaces: [], links: [], processes: [], folders: [], claims: false };

test('Ctrl-C at any moment removes everything and exits 130, also when pressed twice', async () => {
  const before = left();
  const moments = [
    { after: 'etcd, kube-apiserver and kubectl', times: 1 },
    { after: '✓ control plane', times: 2 },
    { after: '✓ kubectl apply', times: 1 },
    { after: '✓ kubectl wait --for=condition=Ready', times: 2 },
  ];
  for (const { after, times } of moments) {
    const demo = start([process.execPath, MAIN]);
    await demo.seen(after);
    const pids = demo.pids();
    expect({ code: await demo.interrupt(times), text: demo.text() }).toMatchObject({ code: 130 });
    expect(demo.text()).toContain('✓ everything removed');
    expect(pids.filter(isAlive)).toEqual([]);
    expect(left()).toEqual({ ...NOTHING, tables: before.tables });
  }
});

test('what a killed demo left is removed by the next one, which stays until Ctrl-C', async () => {
  const before = left();
  const killed = start([process.execPath, MAIN]);
  await killed.seen('✓ kubectl apply');
  const orphans = killed.pids();
  expect(orphans.length).toBeGreaterThan(5);
  await killed.kill();
  expect(left().namespaces).not.toEqual([]);

  const demo = start([process.execPath, MAIN]);
  await demo.seen('PING');
  expect(orphans.filter(isAlive)).toEqual([]);
  expect(left().folders).toHaveLength(1);
  const second = start([process.execPath, MAIN]);
  expect(await second.exit).toBe(1);
  expect(second.text()).toContain('another one is running');

  const exports = demo.text().match(/^ +export .*$/gm) ?? [];
  const typed = (command: string): string =>
    execFileSync('bash', ['-ec', [...exports, command].join('\n')], { encoding: 'utf8' });
  expect(typed('kubectl -n demo get wgp').match(/True +True/g)).toHaveLength(3);
  expect(typed('peerwright -n demo config laptop')).toContain('[Interface]');
  expect(typed('kubectl peerwright -n demo graph')).toContain('branch');
  expect(readdirSync(typed('echo $KUBECACHEDIR').trim())).not.toEqual([]);
  const pids = demo.pids();
  expect({ code: await demo.interrupt(2), text: demo.text() }).toMatchObject({ code: 130 });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(left()).toEqual({ ...NOTHING, tables: before.tables });
});

const REACHED: readonly (readonly [from: string, to: string, ...addresses: string[]])[] = [
  ['laptop', 'gateway edge', '10.90.0.1', 'fd00:90::1'],
  ['laptop', 'server behind edge', '10.20.0.11', 'fd00:20::11'],
  ['laptop', 'desk behind branch', '192.168.90.11', 'fd00:168:90::11'],
  ['desk', 'server behind edge', '10.20.0.11', 'fd00:20::11'],
  ['server', 'desk behind branch', '192.168.90.11', 'fd00:168:90::11'],
  ['printer', 'gateway legacy', '10.91.0.1'],
  ['node-a', 'metadata beside node-a', '169.254.169.254', 'fd00:ec2::254'],
];

test('DEMO_ONCE=1 make demo shows who reaches what and who does not, and every peer, twice in a row, and leaves nothing', async () => {
  const before = left();
  for (const time of ['first', 'second']) {
    const demo = start(['make', 'demo'], { DEMO_ONCE: '1' });
    await demo.seen('✓ pings');
    const pids = demo.pids();
    expect({ code: await demo.exit, time, text: demo.text() }).toMatchObject({ code: 0 });
    const text = demo.text().replaceAll(/ +/g, ' ');
    for (const [from, to, v4, v6] of REACHED) {
      const second = v6 === undefined ? '' : String.raw`\n ${v6} [\d.]+ ms`;
      expect(text).toMatch(new RegExp(String.raw`^${from} ${to} ${v4} [\d.]+ ms${second}$`, 'm'));
    }
    const refused =
      'laptop metadata beside node-a 169.254.169.254 none, and none is allowed\n fd00:ec2::254 none, and none is';
    expect(text).toContain(refused);
    for (const [gateway, peers] of [
      ['edge', 2],
      ['legacy', 1],
    ]) {
      expect(text).toMatch(new RegExp(String.raw`^${gateway} True \S+ node-. ${peers} ${peers} Programmed`, 'm'));
    }
    for (const [peer, gateway] of [
      ['laptop', 'edge'],
      ['branch', 'edge'],
      ['printer', 'legacy'],
    ]) {
      expect(text).toMatch(new RegExp(String.raw`^${peer} ${gateway} True Connected \d+s`, 'm'));
    }
    expect(pids.filter(isAlive)).toEqual([]);
    expect(left()).toEqual({ ...NOTHING, tables: before.tables });
  }
});

test('anybody but root gets one line and exit code 1', async () => {
  const demo = start(['unshare', '--user', '--', process.execPath, MAIN]);
  expect(await demo.exit).toBe(1);
  expect(demo.text()).toMatch(/^[^\n]*as root[^\n]*\n$/);
});
