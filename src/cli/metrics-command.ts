import type { CommandEntry, OptionEntry } from './command-entry.ts'

/** `docs/metrics.md` has what it prints. */
export const metricsCommand = (stateDir: OptionEntry): CommandEntry => ({
  name: 'metrics',
  summary: 'print the numbers of the running gateway for Prometheus',
  details: 'In its text format; `GET /metrics` of the admin API is the same. docs/metrics.md says what each means.',
  options: [stateDir],
  exits: [
    [0, 'printed'],
    [1, 'no gateway answers'],
  ],
  load: () => import('./commands/metrics.ts'),
})
