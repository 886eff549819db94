import type { LabNode } from '../../tools/lab/node.ts';
import { REACHABILITY, type Destination, type Source, type Verdict } from '../../tools/generate/reachability-table.ts';
import { DESTINATION_PLACES, OTHER_SITE_HOST, SOURCE_PLACES } from './reachability-addresses.ts';
import type { MachineName, Place } from './reachability-addresses.ts';
import type { Machines } from './reachability-machines.ts';

/** One cell of the table for one family, and one of those who stand for its source. */
export interface Probe {
  readonly source: Source;
  readonly destination: Destination;
  readonly verdict: Verdict;
  readonly family: 4 | 6;
  readonly from: Place;
  readonly to: Place;
}

export const PROBES: readonly Probe[] = (Object.keys(REACHABILITY) as Source[]).flatMap((source) =>
  (Object.entries(REACHABILITY[source]) as [Destination, Verdict][]).flatMap(([destination, verdict]) =>
    SOURCE_PLACES[source].flatMap((from) => {
      const to =
        source === 'siteHost' && destination === 'siteHost' ? OTHER_SITE_HOST : DESTINATION_PLACES[destination];
      return ([4, 6] as const).map((family) => ({ source, destination, verdict, family, from, to }));
    }),
  ),
);

export interface Outcome {
  readonly answered: boolean;
  /** Whether the request came to its machine; on the node, past its firewall. */
  readonly arrived: boolean;
  /** Whether the request came to the node from elsewhere, whatever it did with it. */
  readonly seen: boolean;
}

const NOTHING: Outcome = { answered: false, arrived: false, seen: false };

/** Says of each probe what it is about, for a test that compares lists. */
export function nameOf({ source, destination, family, from }: Probe): string {
  return `${source} (${from.machine}, ${addressOf(from, family)}) → ${destination}, IPv${family}`;
}

/** Pings once for each probe, all at the same time. Again for those that `again` wants, at most ten times. */
export async function sweep(
  world: Pick<Machines, 'machines'>,
  probes: readonly Probe[],
  again: (probe: Probe, outcome: Outcome) => boolean,
): Promise<ReadonlyMap<Probe, Outcome>> {
  const outcomes = new Map<Probe, Outcome>();
  let open = probes;
  for (let round = 0; round < 10 && open.length > 0; round++) {
    for (const [probe, outcome] of await pingOnce(world, open)) {
      // What got through once did get through, whatever happened in another round.
      outcomes.set(probe, either(outcome, outcomes.get(probe) ?? NOTHING));
    }
    open = open.filter((probe) => again(probe, outcomes.get(probe) ?? NOTHING));
  }
  return outcomes;
}

function either(a: Outcome, b: Outcome): Outcome {
  return { answered: a.answered || b.answered, arrived: a.arrived || b.arrived, seen: a.seen || b.seen };
}

async function pingOnce(
  { machines }: Pick<Machines, 'machines'>,
  probes: readonly Probe[],
): Promise<ReadonlyMap<Probe, Outcome>> {
  const sized = probes.map((probe) => ({ probe, size: nextSize() }));
  const at = (name: MachineName, end: 'from' | 'to') => sized.filter(({ probe }) => probe[end].machine === name);
  const all = Object.entries(machines) as [MachineName, LabNode][];
  await Promise.all(all.map(([, machine]) => countArrivals(machine)));
  const answered = await Promise.all(all.map(([name, machine]) => pingFrom(machine, at(name, 'from'))));
  const arrived = await Promise.all(
    all.map(([name, machine]) => countedOn(machine, name === 'node' ? 'taken' : 'come', at(name, 'to'))),
  );
  const seen = new Set(await countedOn(machines.node, 'come', sized));
  const sizes = { answered: new Set(answered.flat()), arrived: new Set(arrived.flat()) };
  const outcomeOf = (size: number): Outcome => ({
    answered: sizes.answered.has(size),
    arrived: sizes.arrived.has(size),
    seen: seen.has(size),
  });
  return new Map(sized.map(({ probe, size }) => [probe, outcomeOf(size)]));
}

interface Sized {
  readonly probe: Probe;
  /** Of the payload of the request: nothing on the way changes it, so it says at the destination which one it is. */
  readonly size: number;
}

let used = 0;

/** Different from those of the rounds before: one of these may still be on its way. */
function nextSize(): number {
  used += 1;
  return 64 + (used % 1_000);
}

/** Sizes whose requests were answered. */
async function pingFrom(machine: LabNode, sized: readonly Sized[]): Promise<readonly number[]> {
  const lines = sized.map(({ probe: { from, to, family }, size }) => {
    const ends = `-I ${addressOf(from, family)} ${addressOf(to, family)}`;
    return `ping -n -c 1 -W 1 -s ${size} ${ends} > /dev/null 2>&1 && echo ${size} &`;
  });
  const { stdout } = await machine.exec(['sh', '-c', `${lines.join('\n')}\nwait`]);
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Lengths of requests that came in, and of those that no firewall kept from the machine itself. */
const ARRIVALS = `table inet arrivals
delete table inet arrivals
table inet arrivals {
${['come4', 'come6', 'taken4', 'taken6'].map((set) => `  set ${set} { typeof meta length; size 4096; flags dynamic; }\n`).join('')}
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    icmp type echo-request update @come4 { meta length }
    icmpv6 type echo-request update @come6 { meta length }
  }
  chain input {
    type filter hook input priority 100; policy accept;
    icmp type echo-request update @taken4 { meta length }
    icmpv6 type echo-request update @taken6 { meta length }
  }
}
`;

async function countArrivals(machine: LabNode): Promise<void> {
  const { code, stderr } = await machine.exec(['nft', '-f', '-'], { input: ARRIVALS });
  if (code !== 0) throw new Error(stderr);
}

/** Sizes whose requests a machine counted. */
async function countedOn(
  machine: LabNode,
  what: 'come' | 'taken',
  sized: readonly Sized[],
): Promise<readonly number[]> {
  const { stdout } = await machine.exec(['nft', 'list', 'table', 'inet', 'arrivals']);
  const lengths = { 4: lengthsIn(stdout, `${what}4`), 6: lengthsIn(stdout, `${what}6`) };
  return sized
    .filter(({ probe: { family }, size }) => lengths[family].has(size + HEADERS[family]))
    .map(({ size }) => size);
}

function lengthsIn(listing: string, set: string): ReadonlySet<number> {
  const [, braces = ''] = new RegExp(`set ${set} \\{([^}]*)`).exec(listing) ?? [];
  return new Set(/elements = \{(.*)/s.exec(braces)?.[1]?.split(',').map(Number));
}

/** Of IP and ICMP echo. */
const HEADERS = { 4: 28, 6: 48 } as const;

export function addressOf({ v4, v6 }: Place, family: 4 | 6): string {
  return family === 4 ? v4 : v6;
}
