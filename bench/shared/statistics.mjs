/** The value below which that share of the values lies. */
export function quantile(values, share) {
  return ranked(
    values.toSorted((a, b) => a - b),
    share,
  )
}

export const median = (values) => quantile(values, 0.5)

/**
 * What other work on the machine only ever adds to is best told by its floor; the minimum would be
 * a single lucky round, so the floor is the 5th percentile.
 */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    floor: ranked(sorted, 0.05),
    min: ranked(sorted, 0),
    median: ranked(sorted, 0.5),
    max: ranked(sorted, 1),
  }
}

/** What two variants measured in the same rounds, as ratios: what hit both of them cancels out. */
export function ratios(values, others) {
  return summary(values.map((value, round) => value / others[round]))
}

export function shuffled(list) {
  const rest = [...list]
  for (let at = rest.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[rest[at], rest[other]] = [rest[other], rest[at]]
  }
  return rest
}

function ranked(sorted, share) {
  return sorted[Math.round(share * (sorted.length - 1))]
}
