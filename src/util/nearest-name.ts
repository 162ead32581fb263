/** Longer names are compared with none: the comparison takes time by the product of both lengths. */
const MAX_LENGTH = 40
/** Names with fewer letters in common resemble each other by chance. */
const LETTERS_PER_EDIT = 3

/**
 * The name that a misspelled one resembles most; undefined: none is near enough. A near name differs
 * by at most one edit for every three letters: a letter more, less or other, or two that are swapped.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined
  const [nearest] = names
    .map((each) => ({ each, edits: editsBetween(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, edits }) => edits * LETTERS_PER_EDIT <= Math.min(name.length, each.length))
    .sort((one, other) => one.edits - other.edits)
  return nearest?.each
}

/** The optimal string alignment distance. */
function editsBetween(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const edits = [
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      ]
      if (row > 1 && column > 1 && isSwapped) edits.push(at(beforeLast, column - 2) + 1)
      current.push(Math.min(...edits))
    }
    beforeLast = last
    last = current
  }
  return at(last, other.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0
}
