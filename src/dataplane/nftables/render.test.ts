import { expect, test } from 'vitest';
import type { DeviceName, Prefix } from '../../mesh/model.ts';
import { renderTable } from './render.ts';

const device = (name: string, ...addresses: string[]) => ({
  name: name as DeviceName,
  addresses: addresses as Prefix[],
});

test('each device is named, and each of its addresses is answered for on that device only', () => {
  const text = renderTable({
    devices: [device('pw-2', '10.2.0.1/32'), device('pw-1', '10.1.0.1/32', 'fd00:1::1/128')],
  });
  expect(text).toContain('set our_devices { type ifname; elements = { "pw-1", "pw-2" } }');
  expect(text).toContain('{ "pw-1" . 10.1.0.1, "pw-2" . 10.2.0.1 }');
  expect(text).toContain('{ "pw-1" . fd00:1::1 }');
});

test('the table is replaced in one transaction that touches no other', () => {
  const text = renderTable({ devices: [device('pw-1')] });
  expect(text.startsWith('add table inet peerwright\ndelete table inet peerwright\ntable inet peerwright {')).toBe(
    true,
  );
  expect(text).not.toContain('flush');
});

test('the order of the devices does not matter', () => {
  const [a, b] = [device('pw-1', '10.1.0.1/32'), device('pw-2', '10.2.0.1/32')];
  expect(renderTable({ devices: [a, b] })).toBe(renderTable({ devices: [b, a] }));
});

test('no devices leave no table', () => {
  expect(renderTable({ devices: [] })).toBe('add table inet peerwright\ndelete table inet peerwright\n');
});
