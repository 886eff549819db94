import { AGENT_METRICS } from '../../src/agent/metrics.ts';
import { REQUEST_METRICS } from '../../src/kube/request-metrics.ts';
import { OPERATOR_METRICS } from '../../src/operator/metrics.ts';
import type { MetricDeclaration } from '../../src/runtime/metrics.ts';
import { GENERATED, table } from './markdown.ts';

type Declarations = Readonly<Record<string, MetricDeclaration>>;

/** The reference of metrics, from the declarations that the processes register. */
export function renderMetrics(): string {
  return `${GENERATED}
# Metrics

Operator and agent serve them at \`/metrics\` of their health port, in the text format of Prometheus. Besides these there
are \`process_…\` and \`nodejs_…\`, which every Node process has. None is about a single peer: their number is not bounded.

## Operator

${metricTable(OPERATOR_METRICS)}
## Agent

${metricTable(AGENT_METRICS)}
## Operator and agent: calls to the API server

${metricTable(REQUEST_METRICS)}`;
}

function metricTable(metrics: Declarations): string {
  const rows = Object.values(metrics).map(({ name, type, labels = {}, help }) => [
    `\`${name}\``,
    type,
    Object.entries(labels)
      .map(([label, says]) => `\`${label}\`: ${says}`)
      .join('\n'),
    help,
  ]);
  return table(['metric', 'type', 'labels', 'meaning'], rows);
}
