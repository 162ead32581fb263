import { type Counts, total } from './copy.js'

const WIDTH = 30
/** Between two lines where there is no terminal, in ms. */
const QUIET = 1000

/** A bar that is drawn again and again on a terminal; elsewhere a line now and then. */
export class Progress {
  readonly #out: NodeJS.WriteStream
  readonly #expected: number | undefined
  #said = 0

  /** `expected`: how many sessions there are, where that is known. */
  constructor(expected: number | undefined, out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
    this.#expected = expected
  }

  show(counts: Counts): void {
    const done = total(counts)
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${bar(done, this.#expected)}`)
    else if (Date.now() - this.#said >= QUIET) {
      this.#said = Date.now()
      this.#out.write(`${bar(done, this.#expected)}\n`)
    }
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n')
  }
}

/** `expected` may be a guess of an hour ago: a bar is never fuller than full. */
export function bar(done: number, expected: number | undefined): string {
  const sessions = `${done.toLocaleString('en')} sessions`
  if (!expected) return sessions
  const part = Math.min(1, done / expected)
  const full = '#'.repeat(Math.floor(part * WIDTH))
  return `[${full.padEnd(WIDTH, '-')}] ${Math.floor(part * 100)} % ${sessions}`
}

/** What came of it, a line each. */
export function summary(counts: Counts, write: boolean): string {
  const names = {
    copied: write ? 'copied' : 'to copy',
    there: 'already there',
    ended: write ? 'ended meanwhile' : 'ended',
    expired: 'expired',
    failed: 'failed',
  }
  return Object.entries(names)
    .map(([name, label]) => `${label}: ${counts[name as keyof Counts]}`)
    .join('\n')
}
