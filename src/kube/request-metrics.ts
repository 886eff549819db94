import type { MetricDeclaration, Metrics } from '../runtime/metrics.ts';
import type { RequestMetric } from './client.ts';

/** What a client of the API server counts. */
export const REQUEST_METRICS = {
  requests: {
    type: 'counter',
    name: 'peerwright_api_requests_total',
    help: 'Calls to the API server.',
    labels: {
      verb: 'As in RBAC: get, list, watch, create, update, patch, delete.',
      resource: 'Plural of the kind, with the subresource, such as `wireguardpeers/status`.',
      status: 'HTTP status; 0: no answer came.',
    },
  },
  seconds: {
    type: 'histogram',
    name: 'peerwright_api_request_seconds',
    help: 'Time that calls to the API server took, watches left out.',
    labels: { verb: 'As above.', resource: 'As above.' },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
} as const satisfies Record<string, MetricDeclaration>;

/** Counts and times the calls of a client; watches are counted when they are open and not timed. */
export function requestMetrics(metrics: Metrics): (metric: RequestMetric) => void {
  const requests = metrics.counter(REQUEST_METRICS.requests);
  const seconds = metrics.histogram(REQUEST_METRICS.seconds);
  return ({ verb, resource, status, seconds: took }) => {
    requests.inc({ verb, resource, status: String(status) });
    if (verb !== 'watch') seconds.observe({ verb, resource }, took);
  };
}
