import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PeerwrightError } from './error.ts';

/** One metric as it is declared; docs/reference/metrics.md is generated from the declarations. */
export interface MetricDeclaration<L extends string = string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** `peerwright_…` with its unit. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** What each label says. */
  readonly labels?: Readonly<Record<L, string>>;
  /** Upper ends, of histograms only. */
  readonly buckets?: readonly number[];
}

type CounterDeclaration<L extends string> = MetricDeclaration<L> & { readonly type: 'counter' };
type GaugeDeclaration<L extends string> = MetricDeclaration<L> & { readonly type: 'gauge' };
type HistogramDeclaration<L extends string> = MetricDeclaration<L> & {
  readonly type: 'histogram';
  readonly buckets: readonly number[];
};

/** The metrics of one process; nothing is registered globally. A name can be given once. */
export interface Metrics {
  counter<L extends string = never>(declaration: CounterDeclaration<L>): Counter<L>;
  /** With `collect` it is asked for its value when the metrics are read. */
  gauge<L extends string = never>(declaration: GaugeDeclaration<L>, collect?: () => number): Gauge<L>;
  histogram<L extends string = never>(declaration: HistogramDeclaration<L>): Histogram<L>;
  /** All of them in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** A registry with the usual metrics of a Node process (`process_…`, `nodejs_…`) in it. */
export function createMetrics(): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const common = <L extends string>({ name, help, labels }: MetricDeclaration<L>) => {
    if (!NAME.test(name)) throw new PeerwrightError('MetricInvalid', `Metric ${name} is not named peerwright_…`);
    return { name, help, labelNames: labels === undefined ? [] : keysOf(labels), registers: [register] };
  };
  return {
    counter: (declaration) => new Counter(common(declaration)),
    gauge: (declaration, collect) => new Gauge({ ...common(declaration), ...collector(collect) }),
    histogram: (declaration) => new Histogram({ ...common(declaration), buckets: [...declaration.buckets] }),
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}

const NAME = /^peerwright_[a-z][a-z0-9_]*$/;

/** `Object.keys` forgets what the keys are. */
function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(record) as K[];
}

function collector<L extends string>(collect: (() => number) | undefined) {
  if (collect === undefined) return {};
  return {
    collect(this: Gauge<L>) {
      this.set(collect());
    },
  };
}
