import { beforeEach, describe, expect, it } from 'vitest';
import { entry, reportView } from '../operator.testing.ts';
import { Reports } from './reports.ts';

let told: string[];
let reports: Reports;

beforeEach(() => {
  told = [];
  reports = new Reports({ onNode: (node) => told.push(`node ${node}`), onPeer: (uid) => told.push(`peer ${uid}`) });
});

describe('node reports', () => {
  it('tell a peer’s entry by node, and who has it on a device', () => {
    reports.apply(reportView('n1', 1, { peers: [entry('a'), { uid: 'b', generation: 1 }] }));
    reports.apply(reportView('n2', 1, { peers: [entry('a')] }));
    expect(reports.peer('n1', 'a')).toMatchObject({ nodeName: 'n1', entry: { uid: 'a' } });
    expect([reports.nodesWith('a'), reports.nodesWith('b'), reports.nodesWith('c')]).toEqual([['n1', 'n2'], [], []]);
  });

  it('are complete when every shard that the node says it has is there, and not before its facts are', () => {
    const complete = () => reports.complete('n1');
    const seen = [complete()];
    reports.apply(reportView('n1', 1));
    seen.push(complete());
    reports.apply(reportView('n1', 0, { shardCount: 2 }));
    seen.push(complete());
    reports.apply(reportView('n1', 2));
    seen.push(complete());
    reports.remove(reportView('n1', 1));
    seen.push(complete());
    reports.apply(reportView('n1', 0));
    seen.push(complete());
    expect(seen).toEqual([false, false, false, true, false, false]);
  });

  it('keep a peer that moves from one shard to another, whichever comes first', () => {
    reports.apply(reportView('n1', 1, { peers: [entry('a')] }));
    reports.apply(reportView('n1', 2, { peers: [entry('a', { generation: 2 })] }));
    reports.apply(reportView('n1', 1, { peers: [] }));
    expect(reports.peer('n1', 'a')?.entry.generation).toBe(2);
  });

  it('forget what a shard no longer holds, and say whom it concerned', () => {
    reports.apply(reportView('n1', 1, { peers: [entry('a'), entry('b')] }));
    told = [];
    reports.apply(reportView('n1', 1, { peers: [entry('b')] }));
    expect(told.toSorted()).toEqual(['peer a', 'peer b']);
    expect([reports.peer('n1', 'a'), reports.peer('n1', 'b')?.entry.uid]).toEqual([undefined, 'b']);
    reports.remove(reportView('n1', 1));
    expect([...reports.nodeNames]).toEqual([]);
  });

  it('that cannot be read leave what was known', () => {
    reports.apply(reportView('n1', 1, { peers: [entry('a')] }));
    const { spec: _, ...rest } = reportView('n1', 1);
    reports.apply({ ...rest, invalid: { code: 'InvalidObject', message: 'odd' } });
    expect(reports.peer('n1', 'a')).toBeDefined();
  });

  it('tell devices by gateway, and the node when its facts come and go', () => {
    const gateway = { namespace: 'net', name: 'edge', uid: 'g' };
    const facts = reportView('n1', 0, { devices: [{ gateway, generation: 1, device: 'pw-1' }] });
    reports.apply(facts);
    expect([reports.device('n1', 'g')?.device, reports.device('n1', 'x'), told]).toEqual([
      'pw-1',
      undefined,
      ['node n1'],
    ]);
    reports.remove(facts);
    expect([reports.facts('n1'), told.length]).toEqual([undefined, 2]);
  });
});

describe('ports that others hold', () => {
  const device = (uid: string, takenPorts?: number[]) => ({
    gateway: { namespace: 'net', name: uid, uid },
    generation: 1,
    device: `pw-${uid}`,
    ...(takenPorts && { takenPorts }),
  });
  const say = (...devices: ReturnType<typeof device>[]) => reports.apply(reportView('n1', 0, { devices }));
  const ports = (uid?: string) => [...reports.takenPorts('n1', uid)].toSorted((a, b) => a - b);

  it('are known by the gateway that could not have them and by the node', () => {
    say(device('a', [1, 2]), device('b', [2, 3]), device('c'));
    expect([ports('a'), ports('c'), ports()]).toEqual([[1, 2], [], [1, 2, 3]]);
    expect([...reports.takenPorts('n2')]).toEqual([]);
  });

  it('are forgotten with the list, with the device and with the report', () => {
    say(device('a', [1]), device('b', [2]));
    say(device('a'));
    expect(ports()).toEqual([]);
    say(device('a', [1]));
    reports.remove(reportView('n1', 0));
    expect(ports()).toEqual([]);
  });

  it('stay known while the list is full, so that a search in a long range comes to an end', () => {
    const from = (first: number) => Array.from({ length: 16 }, (_, index) => first + index);
    say(device('a', from(1)));
    say(device('a', from(3)));
    expect(ports()).toEqual([1, 2, ...from(3)]);
    say(device('a', [18]));
    expect(ports()).toEqual([18]);
  });
});
