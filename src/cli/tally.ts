import type { RecordEnvelope } from '../record/envelope.js'
import { parseRecord } from '../record/format.js'
import { createdIn } from '../record/stored-cookie.js'
import { isEnded, valueInTransit } from '../record/tombstone.js'
import type { StoredRecord } from '../stores/contract.js'
import { isListKey } from '../users/list-table.js'
import { Histogram } from './histogram.js'

const [KIB, HOUR, DAY] = [1024, 3_600_000, 86_400_000]

const SIZES: [number, string][] = [
  [256, 'up to 256 B'],
  [KIB, 'up to 1 KiB'],
  [4 * KIB, 'up to 4 KiB'],
  [16 * KIB, 'up to 16 KiB'],
  [64 * KIB, 'up to 64 KiB'],
  [Number.POSITIVE_INFINITY, 'more'],
]

const TIMES: [number, string][] = [
  [HOUR, 'up to 1 hour'],
  [DAY, 'up to 1 day'],
  [7 * DAY, 'up to 7 days'],
  [30 * DAY, 'up to 30 days'],
  [Number.POSITIVE_INFINITY, 'more'],
]

/** Counts the sessions among the records of a scan, by age, by what is left of them, and by size. */
export class Tally {
  /** How many sessions were counted. */
  sessions = 0
  /** How many lists of users. */
  lists = 0
  /** The bytes of all sessions, as stored. */
  bytes = 0
  readonly ages = new Histogram(TIMES)
  readonly left = new Histogram(TIMES)
  readonly sizes = new Histogram(SIZES)
  readonly #envelope: RecordEnvelope
  readonly #now: number

  constructor(envelope: RecordEnvelope, now: number) {
    this.#envelope = envelope
    this.#now = now
  }

  add({ key, value, expiresAt }: StoredRecord): void {
    if (expiresAt <= this.#now || isEnded(value)) return
    if (isListKey(this.#envelope.prefix, key)) this.lists++
    // A record of anything else.
    else if ((valueInTransit(value)?.value ?? value).startsWith('{'))
      this.#addSession(key, value, expiresAt)
  }

  #addSession(key: string, value: string, expiresAt: number): void {
    const size = Buffer.byteLength(value)
    this.sessions++
    this.bytes += size
    this.sizes.add(size)
    this.left.add(expiresAt - this.#now)
    const createdAt = this.#createdAt(key, value)
    this.ages.add(createdAt === undefined ? undefined : this.#now - createdAt)
  }

  /** When a session began; undefined: its record does not say, or no key opens it. */
  #createdAt(key: string, value: string): number | undefined {
    const text = this.#envelope.unwrapMoving(key, value)
    // Most records hold no times: they need not be parsed.
    return text?.includes('"created"') ? createdIn(parseRecord(text)?.cookie) : undefined
  }
}
