import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PeerwrightError } from './error.ts';

/** One metric: name `peerwright_…` with its unit, help as one sentence, names of its labels. */
export interface MetricDefinition<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** The metrics of one process; nothing is registered globally. A name can be given once. */
export interface Metrics {
  counter<L extends string = never>(definition: MetricDefinition<L>): Counter<L>;
  gauge<L extends string = never>(definition: MetricDefinition<L> & { readonly collect?: () => number }): Gauge<L>;
  histogram<L extends string = never>(
    definition: MetricDefinition<L> & { readonly buckets: readonly number[] },
  ): Histogram<L>;
  /** All of them in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** A registry with the usual metrics of a Node process (`process_…`, `nodejs_…`) in it. */
export function createMetrics(): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const common = <L extends string>({ name, help, labels = [] }: MetricDefinition<L>) => {
    if (!NAME.test(name)) throw new PeerwrightError('MetricInvalid', `Metric ${name} is not named peerwright_…`, NEVER);
    return { name, help, labelNames: [...labels], registers: [register] };
  };
  return {
    counter: (definition) => new Counter(common(definition)),
    gauge: (definition) => new Gauge({ ...common(definition), ...collector(definition.collect) }),
    histogram: (definition) => new Histogram({ ...common(definition), buckets: [...definition.buckets] }),
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}

const NAME = /^peerwright_[a-z][a-z0-9_]*$/;
const NEVER = { retry: 'never' } as const;

/** A gauge that is asked for its value when the metrics are read. */
function collector<L extends string>(collect: (() => number) | undefined) {
  if (collect === undefined) return {};
  return {
    collect(this: Gauge<L>) {
      this.set(collect());
    },
  };
}
