import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../lib/processes.mjs'
import { namesInQuery, queriesOfAlerts, queriesOfDashboard, servedNames } from '../../monitoring/metrics.mjs'

const dashboard = JSON.parse(readFileSync(join(ROOT, 'monitoring/grafana-dashboard.json'), 'utf8'))

test('namesInQuery should leave out functions, labels and their values', () => {
  assert.deepEqual(
    namesInQuery('sum by (le) (rate(aipg_x_bucket{chain="substrate_y", instance=~"$n"}[5m])) - substrate_z'),
    ['aipg_x_bucket', 'substrate_z'],
  )
  assert.deepEqual(namesInQuery('up{job="aipg-node"} == 0'), [])
})

test('queriesOfAlerts should find every expression', () => {
  assert.deepEqual(queriesOfAlerts('- alert: A\n  expr: a > 1\n  for: 1m\n- alert: B\n  expr: b{x="y"} == 0\n'), [
    'a > 1',
    'b{x="y"} == 0',
  ])
  const alerts = readFileSync(join(ROOT, 'monitoring/alerts.yml'), 'utf8')
  assert.equal(queriesOfAlerts(alerts).length, alerts.match(/- alert:/g).length)
})

test('servedNames should read samples with and without labels and no comments', () => {
  const text = '# HELP a_total text\n# TYPE a_total counter\na_total 1\nb{le="0.5"} 2\n\nb_sum 3\n# EOF\n'
  assert.deepEqual(servedNames(text), new Set(['a_total', 'b', 'b_sum']))
})

test('dashboard should have panels of different ids that do not overlap', () => {
  const { panels } = dashboard
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
    assert.ok(x + w <= 24, title)
    return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`)
  })
  assert.equal(new Set(cells).size, cells.length)
})

test('every panel of the dashboard should ask for something and say what it shows', () => {
  for (const { type, title, description, targets } of dashboard.panels) {
    if (type === 'row') continue
    assert.ok(description.length > 10, title)
    for (const { expr } of targets) assert.ok(namesInQuery(expr).length > 0, `${title}: ${expr}`)
  }
  assert.ok(queriesOfDashboard(dashboard).length > dashboard.panels.length)
})
