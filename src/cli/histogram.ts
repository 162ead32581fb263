import { number } from './progress.js'

/** Counts values by upper bounds. */
export class Histogram {
  readonly #bounds: readonly [most: number, label: string][]
  readonly #counts: number[]
  #unknown = 0

  constructor(bounds: readonly [most: number, label: string][]) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  /** undefined: the value is not known. */
  add(value: number | undefined): void {
    const at = value === undefined ? -1 : this.#bounds.findIndex(([most]) => value <= most)
    if (at < 0) this.#unknown++
    else this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /**
   * One line for each bound, and one for values that are not known.
   * @param scale How many sessions each value stands for.
   */
  lines(scale: number): string[] {
    const rows = this.#bounds.map(([, label], at) => [label, this.#counts[at] ?? 0] as const)
    const all = this.#unknown > 0 ? [...rows, ['not known', this.#unknown] as const] : rows
    const total = all.reduce((sum, [, count]) => sum + count, 0)
    return all.map(([label, count]) => {
      const percent = total === 0 ? 0 : Math.round((100 * count) / total)
      const shown = number(Math.round(count * scale))
      return `  ${label.padEnd(14)}${shown.padStart(14)}${`${percent} %`.padStart(7)}`
    })
  }
}
