/** The value below which this share of the values lies. */
export function quantile(values, share) {
  return ranked(
    values.toSorted((a, b) => a - b),
    share,
  )
}

export const median = (values) => quantile(values, 0.5)

/**
 * `floor` is the 5th percentile: other work on the machine only adds to a time, and the minimum
 * depends on a single round.
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

/** The ratios of two variants, round by round: a disturbance that affected both cancels out. */
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
