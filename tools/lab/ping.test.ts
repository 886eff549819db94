import { expect, test } from 'vitest';
import { countLoss, parsePing } from './ping.ts';

const answer = (sequence: number): string => `64 bytes from 10.0.0.1: icmp_seq=${sequence} ttl=64 time=0.051 ms`;
const missing = (sequence: number): string => `no answer yet for icmp_seq=${sequence}`;

const count = (lines: readonly string[]) => {
  const { answered, last } = parsePing(`PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.\n${lines.join('\n')}\n`);
  return countLoss(answered, last);
};

test('what was announced as missing and came late is not lost', () => {
  expect(count([answer(1), missing(2), answer(3), answer(2)])).toEqual({ sent: 3, received: 3, lost: 0, gaps: [] });
});

test('gaps are runs of requests without an answer', () => {
  const lines = [answer(1), missing(2), missing(3), answer(4), 'From 10.0.0.9 icmp_seq=5 Destination Host Unreachable'];
  expect(count(lines)).toEqual({
    sent: 5,
    received: 2,
    lost: 3,
    gaps: [
      { from: 2, to: 3 },
      { from: 5, to: 5 },
    ],
  });
});

test('the slowest answer is known', () => {
  const slow = answer(2).replace('0.051', '12.4');
  expect(parsePing([answer(1), slow, answer(3), missing(4)].join('\n')).slowestMs).toBe(12.4);
  expect(parsePing(missing(1)).slowestMs).toBe(0);
});

test('a repeated answer counts once', () => {
  expect(count([answer(1), `${answer(1)} (DUP!)`, answer(2)])).toMatchObject({ sent: 2, received: 2 });
});

test('sequence numbers go on after 65,535', () => {
  const lines = Array.from({ length: 70_000 }, (_, index) => answer((index + 1) % 65_536));
  expect(count(lines)).toEqual({ sent: 70_000, received: 70_000, lost: 0, gaps: [] });
});
