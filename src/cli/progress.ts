import { type Counts, total } from './outcome.js'

const BAR_WIDTH = 30
/** Time between two lines where the output is no terminal, in ms. */
const LINE_INTERVAL = 1000

/** Redraws a progress bar on a terminal; elsewhere it prints a line at most once a second. */
export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #expected: number | undefined
  #printedAt = 0

  /** `expected`: the number of sessions, if known. Without it there is no bar. */
  constructor(expected: number | undefined, out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
    this.#expected = expected
  }

  show(counts: Counts): void {
    const done = total(counts)
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${bar(done, this.#expected)}`)
    else if (Date.now() - this.#printedAt >= LINE_INTERVAL) {
      this.#printedAt = Date.now()
      this.#out.write(`${bar(done, this.#expected)}\n`)
    }
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n')
  }
}

/** `expected` comes from an earlier dry run and may be too low: the bar stops at 100 %. */
export function bar(done: number, expected: number | undefined): string {
  const sessions = `${done.toLocaleString('en')} sessions`
  if (!expected) return sessions
  const part = Math.min(1, done / expected)
  const full = '#'.repeat(Math.floor(part * BAR_WIDTH))
  return `[${full.padEnd(BAR_WIDTH, '-')}] ${Math.floor(part * 100)} % ${sessions}`
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
