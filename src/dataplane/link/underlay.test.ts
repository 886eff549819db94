import { expect, test } from 'vitest';
import type { Run } from '../exec.ts';
import { readUnderlayMtu } from './underlay.ts';

const signal = new AbortController().signal;
const link = (ifname: string, mtu: number, ifalias?: string) => ({ ifname, mtu, flags: [], ifalias });
const LINKS = [link('eth0', 1500), link('eth1', 9000), link('pw-00000001', 1420, 'peerwright:net/edge')];

/** What `ip` prints for each line of a batch; nothing for what it refuses. */
const ANSWERS: Readonly<Record<string, readonly object[]>> = {
  'link show': LINKS,
  'route get 192.0.2.1': [{ type: '1', dst: '192.0.2.1', dev: 'eth1' }],
  'route get 192.0.2.2': [{ dst: '192.0.2.2', dev: 'eth0', metrics: [{ mtu: 1400 }] }],
  'route get 192.0.2.3': [{ dst: '192.0.2.3', dev: 'eth0', metrics: [{ mtu: 9000 }] }],
  'route get 10.90.0.7': [{ dst: '10.90.0.7', dev: 'pw-00000001' }],
  'route get 2001:db8::1': [{ dst: '2001:db8::1', dev: 'eth0' }],
  'route show table all default': [
    { dst: 'default', dev: 'eth1' },
    { dst: 'default', nexthops: [{ dev: 'eth1' }, { dev: 'eth0' }] },
    { type: '7', dst: 'default', dev: 'lo' },
  ],
};

test.each([
  { what: 'the interface', remotes: ['192.0.2.1'], mtu: 9000 },
  { what: 'the route, where it has one', remotes: ['192.0.2.1', '192.0.2.2'], mtu: 1400 },
  { what: 'the interface, where the route has a larger one', remotes: ['192.0.2.3'], mtu: 1500 },
  { what: 'an interface of either family', remotes: ['192.0.2.1', '2001:db8::1'], mtu: 1500 },
  { what: 'what can be reached', remotes: ['198.51.100.1', '192.0.2.1'], mtu: 9000 },
  { what: 'nothing, when nothing can be reached', remotes: ['198.51.100.1'], mtu: undefined },
  { what: 'the default routes, without remotes', remotes: [], mtu: 1500 },
])('the MTU is that of $what', async ({ remotes, mtu }) => {
  expect(await readUnderlayMtu(remotes, { run: ip(), signal })).toBe(mtu);
});

test('a way through a device of ours does not count, since it would shrink with each look', async () => {
  expect(await readUnderlayMtu(['10.90.0.7'], { run: ip(), signal })).toBeUndefined();
  expect(await readUnderlayMtu(['10.90.0.7', '192.0.2.1'], { run: ip(), signal })).toBe(9000);
});

test('nothing but addresses gets to the program', async () => {
  const asked: string[] = [];
  const remotes = ['192.0.2.1\nlink delete dev eth0', 'host.example', '192.0.2.1', '192.0.2.1', 'fe80::1%eth0'];
  expect(await readUnderlayMtu(remotes, { run: ip(asked), signal })).toBe(9000);
  expect(asked).toEqual(['link show', 'route get 192.0.2.1']);
});

function ip(asked: string[] = []): Run {
  return async (_program, _args, { input = '' }) => {
    const lines = input.trimEnd().split('\n');
    asked.push(...lines);
    return { stdout: lines.map(answerTo).join('') };
  };
}

function answerTo(line: string): string {
  const answer = ANSWERS[line];
  return answer === undefined ? '' : `${JSON.stringify(answer)}\n`;
}
