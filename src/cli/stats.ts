import { DEFAULTS } from '../options/defaults.js'
import { resolveEnvelope } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import { asUsage, openSource, optionsOf } from './config.js'
import { INTERRUPTED, Interrupt } from './interrupt.js'
import type { OpenedStore } from './opened-store.js'
import { number, Progress } from './progress.js'
import { type Sampled, sample } from './sample.js'
import { Tally } from './tally.js'
import { type StatsTask, UsageError } from './usage.js'
import { useStore } from './use-store.js'

/** Runs `koa-sess stats`. @returns its exit code. */
export async function stats(task: StatsTask): Promise<number> {
  const options = await optionsOf(task)
  return useStore(await openSource(task, options), (opened) => count(task, options, opened))
}

async function count(
  { sample: limit }: StatsTask,
  options: SessionOptions<object>,
  opened: OpenedStore,
): Promise<number> {
  const scan = opened.store.scan?.bind(opened.store)
  if (!scan) throw new UsageError('this store has no scan, so its sessions cannot be counted')
  const { prefix = DEFAULTS.prefix } = options
  const envelope = asUsage(() => resolveEnvelope(options, prefix, Date.now))
  const newTally = () => new Tally(envelope, Date.now())
  const progress = new Progress({ expected: undefined, done: 0 })
  const interrupt = new Interrupt()
  let tally = newTally()
  let sampled: Sampled
  try {
    sampled = await sample(opened, scan, {
      prefix,
      limit,
      visit({ records }, part) {
        for (const record of records) tally.add(record)
        progress.expected = expectedOf(tally.sessions, limit, part)
        progress.show(tally.sessions)
        return interrupt.requested ? undefined : tally.sessions
      },
      restart() {
        tally = newTally()
      },
    })
  } finally {
    progress.end()
    interrupt.dispose()
  }
  return report(tally, sampled)
}

/** How many sessions will be read; undefined: that is not known. */
function expectedOf(done: number, limit: number, part: number | undefined): number | undefined {
  const all = part ? Math.round(done / part) : Number.POSITIVE_INFINITY
  const least = Math.min(all, limit)
  return Number.isFinite(least) ? Math.max(done, least) : undefined
}

function report(tally: Tally, { part }: Sampled): number {
  // What was read before an interrupt stands for itself.
  const scale = part === undefined || part === 0 ? 1 : 1 / part
  const total = number(Math.round(tally.sessions * scale))
  const bytes = number(Math.round(tally.bytes * scale))
  const average = number(Math.round(tally.bytes / Math.max(1, tally.sessions)))
  const from = `estimated from ${number(tally.sessions)}`
  const how = part === undefined ? ' (those that were read)' : scale === 1 ? '' : ` (${from})`
  console.log(`sessions: ${total}${how}`)
  console.log(`bytes: ${bytes}, ${average} a session`)
  if (tally.lists > 0) console.log(`lists of users: ${number(Math.round(tally.lists * scale))}`)
  for (const [title, histogram] of [
    ['by age', tally.ages],
    ['by the time until they end', tally.left],
    ['by size', tally.sizes],
  ] as const)
    console.log(['', title, ...histogram.lines(scale)].join('\n'))
  return part === undefined ? INTERRUPTED : 0
}
