import { readFileSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';
import { condition, type Gateway, type Observed, type Peer } from './observe.ts';

export type Wanted = 'Ready' | 'Connected';

/** One sentence for each gateway (Ready only) and peer whose condition is not True: which, how it is, why. */
export function missingConditions({ gateways, peers }: Observed, wanted: Wanted): readonly string[] {
  const ofGateways = wanted === 'Ready' ? gateways.flatMap((gateway) => missingIn('gateway', gateway, wanted)) : [];
  return [...ofGateways, ...peers.flatMap((peer) => missingIn('peer', peer, wanted))];
}

/** The ends of the logs of operators and agents, without debugging lines, each under its name. */
export function logTails({ operators, nodes }: Lab, lines = 8): string {
  const logs = [
    ...operators.map(({ log }, index) => ({ name: `operator ${index}`, log })),
    ...nodes.flatMap(({ name, agent, userspace }) => [
      { name: `agent of ${name}`, log: agent.log },
      { name: `userspace helper of ${name}`, log: userspace.log },
    ]),
  ];
  return logs.map(({ name, log }) => `--- end of the log of the ${name}:\n${tailOf(log, lines)}\n`).join('');
}

function missingIn(what: string, object: Gateway | Peer, wanted: Wanted): readonly string[] {
  const found = condition(object, wanted);
  if (found?.status === 'True') return [];
  const how =
    found === undefined
      ? `has no condition ${wanted} yet`
      : `is ${wanted}=${found.status}, ${found.reason}: ${found.message}`;
  return [`${what} ${object.metadata.name} ${how}`];
}

function tailOf(file: string, lines: number): string {
  try {
    const all = readFileSync(file, 'utf8').trimEnd().split('\n');
    const told = all.filter((line) => line !== '' && !/^\S+ (DEBUG|TRACE) /.test(line));
    return told.length === 0 ? '(it is empty)' : told.slice(-lines).join('\n');
  } catch {
    return '(there is none)';
  }
}
