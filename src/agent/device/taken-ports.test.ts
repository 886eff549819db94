import { expect, it } from 'vitest';
import { TakenPorts } from './taken-ports.ts';

it('keeps a port for ten minutes after it was last found taken', () => {
  const ports = new TakenPorts();
  ports.add(51_841, 0);
  ports.add(51_840, 0);
  ports.add(51_840, 300_000);
  expect(ports.list(599_999)).toEqual([51_840, 51_841]);
  expect(ports.list(600_000)).toEqual([51_840]);
  expect(ports.list(900_000)).toEqual([]);
});

it('forgets a port at once that the device got', () => {
  const ports = new TakenPorts();
  ports.add(51_840, 0);
  ports.remove(51_840);
  expect(ports.list(0)).toEqual([]);
});

it('keeps the 16 that were found taken last', () => {
  const ports = new TakenPorts();
  for (let port = 1; port <= 17; port++) ports.add(port, port);
  ports.add(2, 18);
  ports.add(18, 19);
  expect(ports.list(20)).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
});
