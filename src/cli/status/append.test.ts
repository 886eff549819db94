import { expect, test } from 'vitest';
import { Appender } from './append.ts';
import { at, gateway, peer } from './view.testing.ts';

const NOW = Date.parse(at(100));

test('a stream has everything once, then what changed, and what is gone', () => {
  const appender = new Appender({ wide: false, allNamespaces: false });
  const show = (...shown: Parameters<Appender['linesOf']>) =>
    appender.linesOf(...shown).map(
      (line) =>
        line
          .map(({ text }) => text)
          .join('')
          .split(/ +/)[0],
    );
  const [edge, up, away] = [gateway('edge'), peer('up'), peer('away')];
  const mesh = { gateways: [edge], peers: [up, away] };
  expect(show(mesh, NOW)).toEqual(['GATEWAY', 'gateway/edge', 'PEER', 'peer/up', 'peer/away']);
  expect(show(mesh, NOW + 60_000)).toEqual([]);
  const heard = { ...up, connection: { ...up.connection, lastHandshakeTime: at(90), receivedBytes: 7 } };
  expect(show({ ...mesh, peers: [heard, away] }, NOW)).toEqual([]);
  const roamed = { ...up, connection: { ...up.connection, endpoint: '192.0.2.1:1' } };
  expect(show({ ...mesh, peers: [roamed, away] }, NOW)).toEqual(['peer/up']);
  expect(show({ gateways: [{ ...edge, endpoint: 'a:1' }], peers: [away] }, NOW)).toEqual(['gateway/edge', 'peer/up']);
});

test('columns do not jump back when a later line is shorter', () => {
  const appender = new Appender({ wide: false, allNamespaces: false });
  const lineOf = (name: string) =>
    appender.linesOf({ gateways: [], peers: [peer(name)] }, NOW).map((line) => line.map(({ text }) => text).join(''));
  const [, long = ''] = lineOf('a-rather-long-name');
  const short = lineOf('b').find((line) => line.startsWith('peer/b')) ?? '';
  expect(short.indexOf('edge')).toBe(long.indexOf('edge'));
});
