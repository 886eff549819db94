import { describe, expect, it } from 'vitest';
import { nodeOfToken } from './node-identity.ts';

function token(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [part({ alg: 'RS256' }), part(claims), 'signature'].join('.');
}

describe('nodeOfToken', () => {
  it('reads name and uid of the node that a pod runs on', () => {
    const claims = { 'kubernetes.io': { namespace: 'peerwright-agents', node: { name: 'n1', uid: 'u1' } } };
    expect(nodeOfToken(token(claims))).toEqual({ name: 'n1', uid: 'u1' });
  });

  it.each([
    ['none', undefined],
    ['no JWT', 'abc'],
    ['of a person', token({ sub: 'admin' })],
    ['bound to no pod', token({ 'kubernetes.io': { namespace: 'peerwright-agents' } })],
    ['of a pod on a node that does not exist', token({ 'kubernetes.io': { node: { name: 'ghost' } } })],
  ])('says what to do about a token that is %s, without repeating it', (_, text) => {
    let caught: unknown;
    try {
      nodeOfToken(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'TokenNotBoundToNode', retry: 'never', hint: expect.stringContaining('pod') });
    expect(String(caught)).not.toContain(text ?? 'undefined');
  });
});
