// Numbers about numbers.

function sorted(values) {
  if (values.length === 0) throw new RangeError('there is nothing to measure')
  return [...values].sort((left, right) => left - right)
}

/** The value below which a share of the values lies; between two of them, by linear interpolation. */
export function quantile(values, share) {
  const order = sorted(values)
  const place = (order.length - 1) * share
  const below = Math.floor(place)
  const next = order[Math.min(below + 1, order.length - 1)]
  return order[below] + (next - order[below]) * (place - below)
}

export function median(values) {
  return quantile(values, 0.5)
}

/** {count, min, median, p95, max, mean} of numbers. */
export function summary(values) {
  const order = sorted(values)
  return {
    count: order.length,
    min: order[0],
    median: quantile(order, 0.5),
    p95: quantile(order, 0.95),
    max: order.at(-1),
    mean: order.reduce((sum, value) => sum + value, 0) / order.length,
  }
}

/**
 * How a series went on: the median of its first and of its last third, and their ratio. A series of
 * fewer than six values says nothing: null.
 */
export function trend(values) {
  if (values.length < 6) return null
  const third = Math.floor(values.length / 3)
  const first = median(values.slice(0, third))
  const last = median(values.slice(-third))
  return { first, last, ratio: last / first }
}

/** A number with thousands separated and as many decimals as asked. */
export function number(value, decimals = 0) {
  return Number(value).toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}

/** Bytes as MiB with one decimal. */
export function mebibytes(bytes) {
  return number(bytes / 1024 / 1024, 1)
}

/** Seconds as people say them: `14 min 05 s`, `42 s`. */
export function duration(seconds) {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}
