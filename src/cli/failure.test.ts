import { expect, test } from 'vitest';
import { KubeError, type KubeErrorCode } from '../kube/errors.ts';
import { PeerwrightError } from '../runtime/error.ts';
import { CliError, failureOf } from './failure.ts';

const kube = (code: KubeErrorCode, hint?: string) =>
  new KubeError({ code, message: 'list peers: No.', status: 0, reason: '', ...(hint === undefined ? {} : { hint }) });

test.each([
  [new CliError('no peer x'), 'error: no peer x', 1],
  [new CliError('wrong', { hint: 'See --help.', exitCode: 2 }), 'error: wrong; see --help', 2],
  [
    new PeerwrightError('KubeconfigInvalid', 'The kubeconfig x is bad.', { hint: 'Fix it.' }),
    'error: the kubeconfig x is bad; fix it',
    3,
  ],
  [kube('ApiForbidden', 'ask for get'), 'error: list peers: No; ask for get', 3],
  [kube('ApiUnauthorized', 'Log in.'), 'error: list peers: No; log in', 3],
  [kube('ApiUnreachable', 'Look.'), 'error: list peers: No; look', 1],
  [new Error('first\n  second.'), 'error: first second', 1],
  ['thrown', 'error: thrown', 1],
  [new CliError('DNS does not answer'), 'error: DNS does not answer', 1],
])('%s is told as one line', (error, line, exitCode) => {
  expect(failureOf(error)).toEqual({ line, exitCode });
});
