import type { ConnectionState } from '../api/v1alpha1/peer.ts';

/** What one look at the device showed of a peer. Times are milliseconds since the epoch. */
export interface ConnectionSample {
  readonly nowMs: number;
  /** Absent when there never was a handshake. */
  readonly lastHandshakeMs?: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** What has to be remembered from one look to the next. */
export interface ConnectionMemory {
  readonly state: ConnectionState;
  /** When the state began. */
  readonly sinceMs: number;
  readonly last: ConnectionSample;
  /** Since when something has been sent without anything coming back. */
  readonly unansweredSinceMs?: number;
}

/** A session ends 180 s after its handshake (WireGuard's REJECT_AFTER_TIME). */
const CONNECTED_MS = 180_000;
const DISCONNECTED_MS = 300_000;

/**
 * The connection after one more look.
 *
 * | handshake       | sent since without an answer | before       | state        |
 * |-----------------|------------------------------|--------------|--------------|
 * | none            | -                            | -            | Never        |
 * | < 180 s ago     | -                            | -            | Connected    |
 * | older           | for 300 s or longer          | -            | Disconnected |
 * | older           | no, or not for so long       | Disconnected | Disconnected |
 * | older           | no, or not for so long       | other        | Idle         |
 *
 * Something sent counts as unanswered until a byte or a handshake comes from the peer; handshake attempts are sent, too.
 */
export function connectionAfter(before: ConnectionMemory | undefined, sample: ConnectionSample): ConnectionMemory {
  const unansweredSinceMs = before && unansweredSince(before, sample);
  const state = stateOf({ before: before?.state, sample, unansweredSinceMs });
  const began = state === 'Connected' ? (sample.lastHandshakeMs ?? sample.nowMs) : sample.nowMs;
  return {
    state,
    sinceMs: before?.state === state ? before.sinceMs : began,
    last: sample,
    ...(unansweredSinceMs !== undefined && { unansweredSinceMs }),
  };
}

function unansweredSince({ last, unansweredSinceMs }: ConnectionMemory, now: ConnectionSample): number | undefined {
  const isAnswered = now.rxBytes > last.rxBytes || (now.lastHandshakeMs ?? 0) > (last.lastHandshakeMs ?? 0);
  // Counters that went back belong to a peer that was made anew.
  const isReset = now.rxBytes < last.rxBytes || now.txBytes < last.txBytes;
  if (isAnswered || isReset) return undefined;
  return unansweredSinceMs ?? (now.txBytes > last.txBytes ? now.nowMs : undefined);
}

interface Evidence {
  readonly before: ConnectionState | undefined;
  readonly sample: ConnectionSample;
  readonly unansweredSinceMs: number | undefined;
}

function stateOf({ before, sample, unansweredSinceMs }: Evidence): ConnectionState {
  const { nowMs, lastHandshakeMs } = sample;
  if (lastHandshakeMs === undefined) return 'Never';
  if (nowMs - lastHandshakeMs < CONNECTED_MS) return 'Connected';
  if (unansweredSinceMs !== undefined && nowMs - unansweredSinceMs >= DISCONNECTED_MS) return 'Disconnected';
  return before === 'Disconnected' ? 'Disconnected' : 'Idle';
}
