import { describe, expect, it } from 'vitest';
import type { Acceptance } from '../../mesh/accept-peers.ts';
import type { Prefix } from '../../mesh/model.ts';
import { A } from './gateway.testing.ts';
import { RouteGrace } from './route-grace.ts';

const [SITE, OTHER] = ['192.168.7.0/24', '192.168.8.0/24'] as [Prefix, Prefix];

const accepted = (...routes: Prefix[]): ReadonlyMap<string, Acceptance> =>
  new Map([['a', { peer: { publicKey: A, addresses: [], routes, presharedKey: 'None' } }]]);
const leaving = (...routes: Prefix[]) => new Map(routes.length > 0 ? [['a', routes]] : []);

/** One look at `nowMs` at which `left` are leaving; which of them stay, and when to look again. */
function look(grace: RouteGrace, nowMs: number, { left, decided }: { left: Prefix[]; decided: Prefix[] }) {
  const staying = [...(grace.lingering(leaving(...left), nowMs).get('a') ?? [])];
  const againAfterMs = grace.remember(accepted(...decided, ...staying), leaving(...left), nowMs);
  return { staying, againAfterMs };
}

describe('RouteGrace', () => {
  it('lets a route that was decided stay for one second from the first look without it', () => {
    const grace = new RouteGrace();
    expect(look(grace, 0, { left: [], decided: [SITE] })).toEqual({ staying: [], againAfterMs: undefined });
    const left = { left: [SITE], decided: [] };
    expect(look(grace, 10_000, left)).toEqual({ staying: [SITE], againAfterMs: 1_000 });
    expect(look(grace, 10_400, left)).toEqual({ staying: [SITE], againAfterMs: 600 });
    expect(look(grace, 11_000, left)).toEqual({ staying: [], againAfterMs: undefined });
    expect(look(grace, 11_001, left)).toEqual({ staying: [], againAfterMs: undefined });
  });

  it('has each route go at its own time', () => {
    const grace = new RouteGrace();
    look(grace, 0, { left: [], decided: [SITE, OTHER] });
    look(grace, 100, { left: [SITE], decided: [OTHER] });
    expect(look(grace, 600, { left: [SITE, OTHER], decided: [] })).toEqual({
      staying: [SITE, OTHER],
      againAfterMs: 500,
    });
    expect(look(grace, 1_100, { left: [SITE, OTHER], decided: [] })).toEqual({ staying: [OTHER], againAfterMs: 500 });
  });

  it('begins anew for a route that came back in between', () => {
    const grace = new RouteGrace();
    look(grace, 0, { left: [], decided: [SITE] });
    look(grace, 100, { left: [SITE], decided: [] });
    look(grace, 500, { left: [], decided: [SITE] });
    expect(look(grace, 1_500, { left: [SITE], decided: [] }).staying).toEqual([SITE]);
  });

  it('has none for a route that was never decided as long as this process lives', () => {
    expect(look(new RouteGrace(), 0, { left: [SITE], decided: [] }).staying).toEqual([]);
  });
});
