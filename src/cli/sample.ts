import type { ScanPage } from '../stores/contract.js'
import type { OpenedStore } from './opened-store.js'
import { pages, type Scan } from './pages.js'

/** The characters of ids and of their hashes: base64url. */
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
/** In front of a hash in a key. */
const MARKS = ['', '#']
/** If so many parts of the keys hold nothing, ids do not begin at random. */
const MAX_EMPTY = 512

export interface SampleOptions {
  prefix: string
  /** How many sessions are enough. */
  limit: number
  /** Called with each page. Returns how many sessions were counted since `restart`; undefined: stop. */
  visit(page: ScanPage, part: number | undefined): number | undefined
  /** What was counted so far does not belong to the sample. */
  restart(): void
}

export interface Sampled {
  /** The part of all sessions that was read, from 0 to 1; undefined: it was stopped. */
  part: number | undefined
}

/**
 * Reads all sessions, or at least `limit` of them. SCAN of Redis returns keys in an order that is random, and
 * its cursor says how far it is. Other stores return them sorted: there the sample is what begins with
 * random characters, as ids are random. Where they are not, all sessions are read.
 */
export async function sample(
  { partOf }: Pick<OpenedStore, 'partOf'>,
  scan: Scan,
  options: SampleOptions,
): Promise<Sampled> {
  const { prefix, limit, visit, restart } = options
  for await (const page of pages(scan, prefix)) {
    const part = page.cursor === undefined ? 1 : partOf?.(page.cursor)
    const count = visit(page, part)
    if (count === undefined) return { part: undefined }
    if (part === 1 || (part !== undefined && count >= limit)) return { part }
    // The server changed, and its scan begins anew.
    if (partOf && part === undefined) restart()
    if (!partOf && count >= limit) return sampleSorted(scan, options)
  }
  return { part: 1 }
}

async function sampleSorted(scan: Scan, options: SampleOptions): Promise<Sampled> {
  options.restart()
  const part = await sampleStarts(scan, options)
  if (part !== 'uneven') return { part }
  options.restart()
  return sample({}, scan, { ...options, limit: Number.POSITIVE_INFINITY })
}

/** Reads what begins with random pairs of characters. `uneven`: ids do not begin at random. */
async function sampleStarts(
  scan: Scan,
  { prefix, limit, visit }: SampleOptions,
): Promise<number | 'uneven' | undefined> {
  const starts = shuffled(ALPHABET.flatMap((one) => ALPHABET.map((other) => one + other)))
  let [done, empty, count] = [0, 0, 0]
  for (const start of starts) {
    const before = count
    for (const mark of MARKS)
      for await (const page of pages(scan, `${prefix}${mark}${start}`)) {
        const counted = visit(page, undefined)
        if (counted === undefined) return undefined
        count = counted
      }
    done++
    if (count === before) empty++
    if (count >= limit) break
    if (count === 0 && empty >= MAX_EMPTY) return 'uneven'
  }
  return isEven({ count, done, empty }) ? done / starts.length : 'uneven'
}

/** Whether about as many parts hold nothing as is likely where ids are random (Poisson). */
function isEven({ count, done, empty }: { count: number; done: number; empty: number }): boolean {
  return empty / done <= 2 * Math.exp(-count / done) + 0.05
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([one], [other]) => one - other)
    .map(([, item]) => item)
}
