/** The value below which that share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.round(share * (sorted.length - 1))]
}

/**
 * What other work on the machine only ever adds to is best told by its floor; the minimum would be
 * a single lucky round, so the floor is the 5th percentile.
 */
export function summary(values) {
  return {
    floor: quantile(values, 0.05),
    min: quantile(values, 0),
    median: quantile(values, 0.5),
    max: quantile(values, 1),
  }
}
