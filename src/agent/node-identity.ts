import { PeerwrightError } from '../runtime/error.ts';

/** The Node that this process speaks for. */
export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

/**
 * Reads the node from the claims of a service account token (`kubernetes.io` → `node`). The API server checks the
 * signature and holds every write against the same claims, so a flag could only be wrong.
 * Throws `TokenNotBoundToNode`.
 */
export function nodeOfToken(token: string | undefined): NodeIdentity {
  const claims = record(payloadOf(token ?? '')['kubernetes.io']);
  const { name, uid } = record(claims['node']);
  if (typeof name === 'string' && name !== '' && typeof uid === 'string' && uid !== '') return { name, uid };
  throw new PeerwrightError('TokenNotBoundToNode', 'The token of this agent names no Node with a uid');
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    // The message of a SyntaxError repeats the text.
    return {};
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
