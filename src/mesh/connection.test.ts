import { describe, expect, it } from 'vitest';
import { connectionAfter } from './connection.ts';
import type { ConnectionMemory, ConnectionSample } from './connection.ts';

const SECOND = 1_000;

/** Looks at a peer again and again; times in seconds. */
function after(...looks: { at: number; handshake?: number; rx?: number; tx?: number }[]): ConnectionMemory {
  let memory: ConnectionMemory | undefined;
  for (const { at, handshake, rx = 0, tx = 0 } of looks) {
    const known = handshake === undefined ? {} : { lastHandshakeMs: handshake * SECOND };
    const sample: ConnectionSample = { nowMs: at * SECOND, ...known, rxBytes: rx, txBytes: tx };
    memory = connectionAfter(memory, sample);
  }
  if (memory === undefined) throw new RangeError('at least one look');
  return memory;
}

describe('connectionAfter', () => {
  it('says Never without a handshake, since the first look', () => {
    expect(after({ at: 10 }, { at: 20, tx: 148 }, { at: 900, tx: 296 })).toMatchObject({
      state: 'Never',
      sinceMs: 10 * SECOND,
    });
  });

  it('says Connected since the handshake that made it so, through later ones', () => {
    const memory = after({ at: 10 }, { at: 25, handshake: 24, rx: 1 }, { at: 150, handshake: 144, rx: 2 });
    expect(memory).toMatchObject({ state: 'Connected', sinceMs: 24 * SECOND });
  });

  it('is Connected for 180 s after a handshake, then Idle while nothing is sent', () => {
    expect(after({ at: 0, handshake: 0 }, { at: 179, handshake: 0 })).toMatchObject({ state: 'Connected' });
    expect(after({ at: 0, handshake: 0 }, { at: 180, handshake: 0 })).toMatchObject({
      state: 'Idle',
      sinceMs: 180 * SECOND,
    });
    expect(after({ at: 0, handshake: 0 }, { at: 9_000, handshake: 0 })).toMatchObject({ state: 'Idle' });
  });

  it('is Disconnected when something sent stays unanswered for 300 s', () => {
    const start = [
      { at: 0, handshake: 0 },
      { at: 1_000, handshake: 0, tx: 148 },
    ] as const;
    expect(after(...start, { at: 1_299, handshake: 0, tx: 900 })).toMatchObject({ state: 'Idle' });
    expect(after(...start, { at: 1_300, handshake: 0, tx: 900 })).toMatchObject({
      state: 'Disconnected',
      sinceMs: 1_300 * SECOND,
    });
  });

  it('does not count what was answered', () => {
    const memory = after(
      { at: 0, handshake: 0 },
      { at: 100, handshake: 0, tx: 500 },
      { at: 110, handshake: 0, tx: 500, rx: 500 },
      { at: 450, handshake: 0, tx: 500, rx: 500 },
    );
    expect(memory).toMatchObject({ state: 'Idle' });
  });

  it('stays Disconnected until a handshake, even when nothing more is sent', () => {
    const lost = [
      { at: 0, handshake: 0 },
      { at: 10, handshake: 0, tx: 148 },
      { at: 400, handshake: 0, tx: 900 },
      { at: 9_000, handshake: 0, tx: 900 },
    ] as const;
    expect(after(...lost)).toMatchObject({ state: 'Disconnected', sinceMs: 400 * SECOND });
    expect(after(...lost, { at: 9_010, handshake: 9_009, tx: 990, rx: 92 })).toMatchObject({
      state: 'Connected',
      sinceMs: 9_009 * SECOND,
    });
  });

  it('begins to count anew when the peer was made anew', () => {
    const memory = after(
      { at: 0, handshake: 0, tx: 900, rx: 900 },
      { at: 10, handshake: 0, tx: 950, rx: 900 },
      { at: 20 },
    );
    expect(memory).toMatchObject({ state: 'Never' });
    expect(memory.unansweredSinceMs).toBeUndefined();
  });
});
