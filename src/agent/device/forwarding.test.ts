import { expect, test } from 'vitest';
import type { DeviceRules } from '../../dataplane/port.ts';
import type { Prefix } from '../../mesh/model.ts';
import { forwardingProblems } from './forwarding.ts';
import { EDGE } from './gateway.testing.ts';

const rules = {
  name: EDGE,
  addresses: [],
  pools: ['10.90.0.0/24', 'fd00:90::/64'] as Prefix[],
  routes: [],
  peerRoutes: [],
  masquerade: 'Enabled',
  peerTraffic: 'Isolated',
  mtu: 1420,
} satisfies DeviceRules;
const SETTINGS = /net\.ipv4\.ip_forward=1|net\.ipv6\.conf\.all\.forwarding=1/;
const [V4, V6] = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];

test.each([
  [{}, []],
  [{ routes: ['10.0.0.0/16'] as Prefix[] }, [V4]],
  [{ routes: ['::/0'] as Prefix[] }, [V6]],
  [{ peerRoutes: ['192.168.7.0/24', 'fd00:7::/48'] as Prefix[] }, [V4, V6]],
  [{ peerTraffic: 'Open' as const }, [V4, V6]],
])('with %j it needs the settings %j', (rest, settings) => {
  const problems = forwardingProblems({ ...rules, ...rest }, { ipv4: false, ipv6: false });
  expect(problems.map(({ message }) => SETTINGS.exec(message)?.[0])).toEqual(settings);
  expect(forwardingProblems({ ...rules, ...rest }, { ipv4: true, ipv6: true })).toEqual([]);
});
