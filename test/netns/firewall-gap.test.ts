import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prefix } from '../../src/mesh/model.ts';
import type { LabNode } from '../../tools/lab/node.ts';
import { waitFor } from '../support/wait.ts';
import { loadNft, startEcho, startTalk } from './firewall-flows.ts';
import { GATEWAYS } from './reachability-addresses.ts';
import { sh } from './reachability-machines.ts';
import { startReachabilityWorld } from './reachability-world.ts';
import type { Change, ReachabilityWorld } from './reachability-world.ts';

const REPLACEMENTS = 200;
const PROBES = 10_000;
const ALLOWED = 9000;
const FORBIDDEN = 9001;

let world: ReachabilityWorld;

beforeAll(async () => {
  world = await startReachabilityWorld('gap');
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

test('while the table is replaced, also by an agent that starts again, nothing forbidden passes and nothing allowed is lost', async () => {
  const { node, app, laptop, depot, guest } = world.machines;
  await count(node, 'prerouting priority raw', 'iifname != "lo"');
  const elsewhere = [app, laptop, depot, guest];
  for (const machine of elsewhere) await count(machine, 'prerouting priority raw');
  const [atApp, atLaptop] = [ends(ALLOWED, '10.20.0.10', 'fd00:20::10'), ends(ALLOWED, '10.90.0.7', 'fd00:90::7')];
  for (const end of atApp) await startEcho(app, end);
  for (const end of atLaptop) await startEcho(laptop, end);
  const fromPeer = await startTalk(laptop, {
    allowed: atApp,
    forbidden: [
      ...ends(FORBIDDEN, '10.90.0.9', 'fd00:90::9', '10.91.0.7', 'fd00:91::7', '203.0.113.5', '2001:db8:113::5'),
      ...ends(FORBIDDEN, '10.20.0.1', 'fd00:20::1', '10.90.0.1', 'fd00:90::1', '169.254.169.254', 'fd00:ec2::254'),
    ],
  });
  const toPeers = await startTalk(app, {
    allowed: atLaptop,
    forbidden: ends(FORBIDDEN, '10.90.0.7', 'fd00:90::7', '10.90.0.9', 'fd00:90::9'),
    sources: ['203.0.113.5', '2001:db8:113::5'],
  });
  for (let number = 1; number <= REPLACEMENTS; number++) {
    if (number % 40 === 0) world.restart();
    await world.load(changeOf(number));
  }
  const enough = () => fromPeer.soFar().forbidden + toPeers.soFar().forbidden >= PROBES;
  await waitFor(enough, { what: `${PROBES} probes`, timeoutMs: 120_000 });
  const counts = [await fromPeer.stop(), await toPeers.stop()];
  for (const { allowed, answered } of counts) expect(answered).toBe(allowed);
  const sent = counts.reduce((sum, { forbidden }) => sum + forbidden, 0);
  const answered = counts.reduce((sum, count) => sum + count.answered, 0);
  process.stdout.write(`${REPLACEMENTS} replacements: ${sent} forbidden sent, ${answered} allowed answered\n`);
  expect(await counted(node, 'seen')).toBe(sent);
  expect(await counted(node, 'passed')).toBe(0);
  for (const machine of elsewhere) expect(await counted(machine, 'seen')).toBe(0);
});

/** No two are alike; what is probed is the same in all of them. */
function changeOf(number: number): Change {
  const [edge] = GATEWAYS.map(({ rules }) => rules);
  const isEven = number % 2 === 0;
  return {
    edge: {
      routes: [...(edge?.routes ?? []), ...(isEven ? (['172.16.0.0/16'] as Prefix[]) : [])],
      peerRoutes: [...(edge?.peerRoutes ?? []), `172.17.${number}.0/24` as Prefix],
      mtu: 1300 + number,
      masquerade: isEven ? 'Enabled' : 'Disabled',
    },
    lobby: { peerTraffic: isEven ? 'Isolated' : 'Open' },
  };
}

/** Counts forbidden datagrams that come in, and on a node those that its firewall let pass. */
async function count(machine: LabNode, where: string, which = ''): Promise<void> {
  const after = ['input', 'forward'].map(
    (hook) => `  chain ${hook} {
    type filter hook ${hook} priority 100; policy accept;
    udp dport ${FORBIDDEN} counter name passed
  }
`,
  );
  await loadNft(
    machine,
    `table inet probes {
  counter seen {
  }
  counter passed {
  }
  chain arriving {
    type filter hook ${where}; policy accept;
    ${which} udp dport ${FORBIDDEN} counter name seen
  }
${after.join('')}}
`,
  );
}

async function counted(machine: LabNode, name: string): Promise<number> {
  const text = await sh(machine, `nft list counter inet probes ${name}`);
  return Number(/packets (\d+)/.exec(text)?.[1]);
}

function ends(port: number, ...addresses: string[]) {
  return addresses.map((address) => ({ address, port }));
}
