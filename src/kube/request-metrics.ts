import type { Metrics } from '../runtime/metrics.ts';
import type { RequestMetric } from './client.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts and times the calls of a client; watches are counted when they are open and not timed. */
export function requestMetrics(metrics: Metrics): (metric: RequestMetric) => void {
  const requests = metrics.counter({
    name: 'peerwright_api_requests_total',
    help: 'Calls to the API server; status 0: no answer came.',
    labels: ['verb', 'resource', 'status'],
  });
  const seconds = metrics.histogram({
    name: 'peerwright_api_request_seconds',
    help: 'Time that calls to the API server took.',
    labels: ['verb', 'resource'],
    buckets: SECONDS,
  });
  return ({ verb, resource, status, seconds: took }) => {
    requests.inc({ verb, resource, status: String(status) });
    if (verb !== 'watch') seconds.observe({ verb, resource }, took);
  };
}
