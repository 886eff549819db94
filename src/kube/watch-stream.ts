import { KubeError, KubeErrorCode } from './errors.ts';
import type { KubeObject } from './object.ts';
import { errorOf, unreachable } from './status.ts';

/** One line of a watch. ERROR ends it: what was watched from is no longer known to the server. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T }
  | { readonly type: 'ERROR'; readonly error: KubeError };

export interface ReadOptions {
  /** What an error says was asked. */
  readonly what: string;
  /** Called for every piece of the stream, so that silence can be told from life. */
  readonly onActivity?: () => void;
}

/** Far above what etcd stores in one object (1.5 MB): beyond it, this is no watch. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const LINE_FEED = 10;

/** The events of a watch, parsed one at a time. Throws KubeError `ApiUnreachable` when the stream breaks. */
export async function* watchEvents<T extends KubeObject>(
  body: AsyncIterable<Buffer>,
  options: ReadOptions,
): AsyncGenerator<WatchEvent<T>, void> {
  for await (const line of linesOf(body, options)) {
    if (line.length > 0) yield parseEvent<T>(line, options.what);
  }
}

/** Lines without their ends, cut in bytes: a character may lie across two pieces. A last line without an end is cut off, hence dropped. */
async function* linesOf(body: AsyncIterable<Buffer>, options: ReadOptions): AsyncGenerator<Buffer, void> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const piece of piecesOf(body, options.what)) {
    options.onActivity?.();
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...parts, piece.subarray(start, end)]);
      parts = [];
      size = 0;
      start = end + 1;
    }
    parts.push(piece.subarray(start));
    size += piece.length - start;
    if (size > MAX_LINE_BYTES) throw badStream(options.what, 'has a line of more than 16 MB');
  }
}

async function* piecesOf(body: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer, void> {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof KubeError ? error : unreachable(what, error);
  }
}

function parseEvent<T extends KubeObject>(line: Buffer, what: string): WatchEvent<T> {
  const { type, object } = parse(line, what);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type, object: object as T };
    case 'ERROR':
      return { type, error: errorOf({ status: statusCode(object), body: object, what, secret: false }) };
    default:
      throw badStream(what, 'has an event of an unknown type');
  }
}

function parse(line: Buffer, what: string): { readonly type: unknown; readonly object: object } {
  let event: unknown;
  try {
    event = JSON.parse(line.toString('utf8'));
  } catch {
    throw badStream(what, 'has a line that is not JSON');
  }
  if (isEvent(event)) return event;
  throw badStream(what, 'has a line that is no event');
}

function isEvent(value: unknown): value is { type: unknown; object: object } {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('object' in value)) return false;
  return typeof value.object === 'object' && value.object !== null;
}

function statusCode(object: object): number {
  return 'code' in object && typeof object.code === 'number' ? object.code : 500;
}

function badStream(what: string, how: string): KubeError {
  return new KubeError({
    code: KubeErrorCode.badResponse,
    message: `${what}: the stream ${how}`,
    status: 200,
    reason: '',
    hint: 'Something between here and the API server changes what it sends.',
  });
}
