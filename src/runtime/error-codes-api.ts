import type { ErrorDoc } from './error-codes.ts';

/** Of calls to the API server, and of what is needed before one can be made. */
export const API_ERRORS = {
  ApiAlreadyExists: {
    meaning: 'An object of this name exists already.',
    retry: 'backoff',
    hint: 'Somebody else was faster; this resolves itself.',
  },
  ApiBadResponse: {
    meaning: 'The answer is not what the Kubernetes API sends.',
    retry: 'backoff',
    hint: 'See whether the address is that of an API server, or of a proxy that wants something.',
  },
  ApiConflict: {
    meaning: 'The object is not as it was read any more.',
    retry: 'backoff',
    hint: 'Somebody else was faster; this resolves itself.',
  },
  ApiForbidden: {
    meaning: 'This account may not do that.',
    retry: 'backoff',
    hint: 'Compare the rights of this account with the shipped RBAC, then the admission policies.',
  },
  ApiGone: {
    meaning: 'The API server no longer knows the version that was asked for.',
    retry: 'backoff',
    hint: 'A new list follows; this resolves itself.',
  },
  ApiInvalid: {
    meaning: 'The API server refuses the object.',
    retry: 'backoff',
    hint: 'Compare the installed CRDs with those of this release.',
  },
  ApiNotFound: {
    meaning: 'The object does not exist.',
    retry: 'backoff',
    hint: 'Look at name and namespace.',
  },
  ApiNotServed: {
    meaning: 'The API server does not know the kind.',
    retry: 'backoff',
    hint: 'See whether the CRDs are installed, and whether the address is that of an API server.',
  },
  ApiRefused: {
    meaning: 'The API server refuses the call.',
    retry: 'backoff',
    hint: 'See the message, which is its answer.',
  },
  ApiServerError: {
    meaning: 'The API server failed.',
    retry: 'backoff',
    hint: 'See the message, and the log of the API server.',
  },
  ApiThrottled: {
    meaning: 'The API server has too much to do.',
    retry: { afterMs: 1000 },
    hint: 'It is asked again when it wants to be; this resolves itself.',
  },
  ApiTimeout: {
    meaning: 'The API server did not answer in time.',
    retry: 'backoff',
    hint: 'Look at its load, and at the network to it.',
  },
  ApiUnauthorized: {
    meaning: 'The API server does not know who is asking.',
    retry: 'backoff',
    hint: 'The token or certificate is not accepted: see whether it has expired.',
  },
  ApiUnreachable: {
    meaning: 'The API server cannot be reached.',
    retry: 'backoff',
    hint: 'Check the address of the API server, and the network to it.',
  },
  KubeconfigInvalid: {
    meaning: 'A kubeconfig cannot be used.',
    retry: 'never',
    hint: 'Check it with `kubectl config view`, and that `kubectl version` reaches the server with it.',
  },
  ServiceAccountUnreadable: {
    meaning: 'The service account that a pod should have is not there.',
    retry: 'backoff',
    hint: 'Mount a service account token there, or name a kubeconfig.',
  },
} as const satisfies Record<string, ErrorDoc>;
