import type { Counts } from './outcome.js'

const BAR_WIDTH = 30
/** Time between two lines where the output is no terminal, in ms. */
const LINE_INTERVAL = 1000

interface ProgressOptions {
  /** The number of sessions, if known. Without it there is no bar and no time left. */
  expected: number | undefined
  /** How many sessions an earlier run already did. They do not count for the rate. */
  done: number
  out?: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
  /** Returns epoch ms; for tests. */
  now?: () => number
}

/** Redraws a progress bar on a terminal; elsewhere it prints a line at most once a second. */
export class Progress {
  /** The number of sessions, as far as it is known by now. */
  expected: number | undefined
  readonly #doneBefore: number
  readonly #out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
  readonly #now: () => number
  readonly #startedAt: number
  #printedAt = Number.NEGATIVE_INFINITY

  constructor({ expected, done, out = process.stderr, now = Date.now }: ProgressOptions) {
    this.expected = expected
    this.#doneBefore = done
    this.#out = out
    this.#now = now
    this.#startedAt = now()
  }

  /** `done`: how many sessions, with those of an earlier run. */
  show(done: number): void {
    const text = this.#text(done)
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${text}`)
    else if (this.#now() - this.#printedAt >= LINE_INTERVAL) {
      this.#printedAt = this.#now()
      this.#out.write(`${text}\n`)
    }
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n')
  }

  #text(done: number): string {
    const seconds = (this.#now() - this.#startedAt) / 1000
    const rate = seconds > 0 ? (done - this.#doneBefore) / seconds : 0
    const parts = [bar(done, this.expected)]
    if (rate > 0) parts.push(`${number(rate)} a second`)
    const left = (this.expected ?? 0) - done
    if (rate > 0 && left > 0) parts.push(`${duration(left / rate)} left`)
    return parts.join(', ')
  }
}

/** `expected` is of an earlier run, or an estimate, and may be too low: the bar stops at 100 %. */
export function bar(done: number, expected: number | undefined): string {
  if (!expected) return `${number(done)} sessions`
  const part = Math.min(1, done / expected)
  const full = '#'.repeat(Math.floor(part * BAR_WIDTH))
  const percent = Math.floor(part * 100)
  return `[${full.padEnd(BAR_WIDTH, '-')}] ${percent} % ${number(done)} of ${number(expected)} sessions`
}

/** `seconds` as a time in its two largest units. */
function duration(seconds: number): string {
  const rounded = Math.ceil(seconds)
  if (rounded < 60) return `${rounded} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A number as the command prints it: `48,213`. */
export function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
}

/** The counts, one line each. */
export function summary(counts: Counts, write: boolean): string {
  const labels: Record<keyof Counts, string> = {
    copied: write ? 'copied' : 'to copy',
    there: 'already there',
    ended: write ? 'ended meanwhile' : 'ended',
    expired: 'expired',
    failed: 'failed',
  }
  return Object.entries(labels)
    .map(([name, label]) => `${label}: ${counts[name as keyof Counts]}`)
    .join('\n')
}
