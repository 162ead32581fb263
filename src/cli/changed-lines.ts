/** The lines that differ between two texts, as a diff without context. Each is preceded by its old line number. */
export function changedLines(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const differing = old.findIndex((line, index) => line !== now[index])
  const begin = differing < 0 ? old.length : differing
  // What is equal at the end is cut off: the table below grows with the product of the lengths.
  while (old.length > begin && now.length > begin && old.at(-1) === now.at(-1)) {
    old.pop()
    now.pop()
  }
  return diff(old.slice(begin), now.slice(begin), begin)
}

/** @param offset How many lines are before these. */
function diff(old: readonly string[], now: readonly string[], offset: number): string {
  const common = commonLines(old, now)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i++
      j++
    } else if (j < now.length && (i === old.length || at(common, i, j + 1) > at(common, i + 1, j)))
      lines.push(`     + ${now[j++]}`)
    else lines.push(`${`${offset + i + 1}`.padStart(4)} - ${old[i++]}`)
  }
  return lines.join('\n')
}

/** How many lines are common from two positions on: the longest common subsequence. */
function commonLines(old: readonly string[], now: readonly string[]): Uint32Array[] {
  const counts = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const count =
        old[i] === now[j]
          ? at(counts, i + 1, j + 1) + 1
          : Math.max(at(counts, i + 1, j), at(counts, i, j + 1))
      counts[i]?.fill(count, j, j + 1)
    }
  }
  return counts
}

function at(counts: readonly Uint32Array[], i: number, j: number): number {
  return counts[i]?.[j] ?? 0
}
