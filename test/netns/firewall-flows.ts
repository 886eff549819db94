import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabNode } from '../../tools/lab/node.ts';
import type { ManagedProcess } from '../../tools/lab/process.ts';
import { waitFor } from '../support/wait.ts';
import type { End, TalkCount, TalkOptions, ask, echo, talk } from './firewall-datagrams.ts';

const DATAGRAMS = join(import.meta.dirname, 'firewall-datagrams.ts');
let started = 0;

export interface RunningTalk {
  /** What it printed last. */
  soFar(): TalkCount;
  /** No more is sent; resolves when everything is answered, or after a while. */
  stop(): Promise<TalkCount>;
}

/** Answers datagrams until the machine ends; `copies` times more than once. */
export async function startEcho(machine: LabNode, end: End, copies = 0): Promise<void> {
  const { log } = await start(machine, 'echo', [end, copies] satisfies Parameters<typeof echo>);
  await waitFor(() => readFileSync(log, 'utf8').includes('listening'), { what: `an echo at ${end.address}` });
}

export async function startTalk(machine: LabNode, options: TalkOptions): Promise<RunningTalk> {
  const { log, process } = await start(machine, 'talk', [options] satisfies Parameters<typeof talk>);
  const soFar = (): TalkCount => {
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    const last = lines.at(-1) ?? '{"allowed":0,"answered":0,"forbidden":0}';
    if (!last.startsWith('{')) throw new Error(lines.join('\n'));
    return JSON.parse(last) as TalkCount;
  };
  return {
    soFar,
    async stop() {
      process.kill('SIGTERM');
      await process.exited;
      return soFar();
    },
  };
}

/** What came of one datagram. */
export async function askOnce(machine: LabNode, end: End): Promise<string> {
  return (await machine.exec(program('ask', [end] satisfies Parameters<typeof ask>))).stdout;
}

/** Takes TCP connections to a port of every address of a machine. */
export async function listenTcp(machine: LabNode, port: number): Promise<void> {
  const script = `require('net').createServer((socket) => socket.end()).listen(${port}, '::', () => console.log('listening'))`;
  const { log } = await spawnLogged(machine, [process.execPath, '-e', script]);
  await waitFor(() => readFileSync(log, 'utf8').includes('listening'), { what: `a listener on ${port}` });
}

/** What comes of a TCP connection. A refusal is an answer, too. */
export async function connectTcp(machine: LabNode, { address, port }: End): Promise<'open' | 'refused' | 'silence'> {
  const { code } = await machine.exec(['timeout', '2', 'bash', '-c', `echo > /dev/tcp/${address}/${port}`]);
  if (code === 0) return 'open';
  return code === 124 ? 'silence' : 'refused';
}

/** `nft -f` on a machine. */
export async function loadNft(machine: LabNode, text: string): Promise<void> {
  const { code, stderr } = await machine.exec(['nft', '-f', '-'], { input: text });
  if (code !== 0) throw new Error(stderr);
}

/** The elements of a set of a machine. */
export async function elementsOf(machine: LabNode, set: string): Promise<readonly string[]> {
  const { stdout } = await machine.exec(['nft', 'list', 'set', ...set.split(' ')]);
  return (/elements = \{([^}]*)\}/.exec(stdout)?.[1] ?? '')
    .split(',')
    .map((each) => each.trim())
    .toSorted();
}

/** From now on notes from which addresses echo requests come to a machine. */
export async function noteSources(machine: LabNode): Promise<void> {
  await loadNft(machine, SOURCES);
}

/** Sorted, IPv4 first. */
export async function notedSources(machine: LabNode): Promise<readonly string[]> {
  const sets = [await elementsOf(machine, 'inet sources from4'), await elementsOf(machine, 'inet sources from6')];
  return sets.flat().filter(Boolean);
}

const SOURCES = `table inet sources
delete table inet sources
table inet sources {
  set from4 { type ipv4_addr; size 16; flags dynamic; }
  set from6 { type ipv6_addr; size 16; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    icmp type echo-request update @from4 { ip saddr }
    icmpv6 type echo-request update @from6 { ip6 saddr }
  }
}
`;

async function start(machine: LabNode, name: string, args: readonly unknown[]) {
  return await spawnLogged(machine, program(name, args));
}

async function spawnLogged(
  machine: LabNode,
  argv: readonly string[],
): Promise<{ readonly log: string; readonly process: ManagedProcess }> {
  const log = join(machine.folder, `flow-${(started += 1)}.log`);
  return { log, process: await machine.spawn(argv, { stdout: log, stderr: log }) };
}

function program(name: string, args: readonly unknown[]): readonly string[] {
  const call = `${name}(...${JSON.stringify(args)})`;
  return [process.execPath, '-e', `import('${DATAGRAMS}').then(({ ${name} }) => ${call})`];
}
