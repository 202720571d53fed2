// Names of metrics: those that dashboard and alerts use, and those that a program serves.

/** The project's and Substrate's metrics named in PromQL. */
export function namesInQuery(query) {
  // Labels and their values are no metrics.
  const bare = query.replace(/\{[^}]*\}/g, '')
  return [...new Set(bare.match(/\b(?:substrate|aipg)_[a-z0-9_]+/g) ?? [])]
}

/** All queries of a Grafana dashboard, those of its variables included. */
export function queriesOfDashboard({ panels, templating }) {
  const ofPanel = ({ targets = [], panels: inner = [] }) => [
    ...targets.map(({ expr }) => expr),
    ...inner.flatMap(ofPanel),
  ]
  return [
    ...panels.flatMap(ofPanel),
    ...templating.list.filter(({ type }) => type === 'query').map(({ definition }) => definition),
  ]
}

/** All queries of a file of alerts: the lines `expr: …`. */
export function queriesOfAlerts(text) {
  return [...text.matchAll(/^\s*expr: (.+)$/gm)].map(([, query]) => query)
}

/** Names of the samples in the text that a program serves to Prometheus. */
export function servedNames(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Set(lines.map((line) => /^[A-Za-z_:][A-Za-z0-9_:]*/.exec(line)[0]))
}
