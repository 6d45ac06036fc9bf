import type { Calls } from './calls.ts'
import { expositionType } from './exposition.ts'
import { metricsText } from './metrics.ts'
import type { Operations } from './operations.ts'

/** What a Prometheus server reads, at the place where it looks by itself. */
export function metricCalls({ app, needs }: Calls, operations: Operations): void {
  app.get('/metrics', needs('read'), (c) =>
    c.body(metricsText(operations.measured()), 200, { 'content-type': expositionType }),
  )
}
