import type { SessionStore } from '../stores/contract.js'
import { add, copy, each, foresee, NONE, total, type Work } from './copy.js'
import { Progress, summary } from './progress.js'
import { sayWithoutData } from './say.js'
import { fingerprint, readState, type State, writeState } from './state.js'
import { identify, type OpenedStore, openStore } from './stores.js'
import { type Task, UsageError } from './usage.js'

const INTERRUPTED = 130

type Scan = NonNullable<SessionStore['scan']>

/** Carries the command out. @returns its exit code. */
export async function migrate(task: Task): Promise<number> {
  const [one, other] = [identify(task.from), identify(task.to)]
  if (one === other) throw new UsageError('--from and --to are the same store')
  const state = await readState(task.state, fingerprint(one, other, task.prefix))
  if (state.done && task.write) {
    console.log('This was finished by an earlier run; remove the file of --state to run it again.')
    console.log(summary(state.counts, true))
    return state.counts.failed > 0 ? 1 : 0
  }
  const from = await openStore(task.from, 'from')
  try {
    const scan = from.store.scan?.bind(from.store)
    if (!scan)
      throw new UsageError(
        '--from is a store without scan, so nobody can list its sessions: let the application move them, with migrating()',
      )
    const to = await openStore(task.to, 'to')
    try {
      return await run(task, state, { from, scan, to })
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

interface Stores {
  from: OpenedStore
  scan: Scan
  to: OpenedStore
}

async function run(task: Task, begun: State, { from, scan, to }: Stores): Promise<number> {
  const { prefix, batch, write } = task
  const work = await (write ? copying(from.store, to) : counting(to))
  const progress = new Progress(begun.expected)
  const interrupt = new Interrupt()
  // A dry run begins at the beginning, and leaves how far a real one came.
  const state = write ? { ...begun } : { ...begun, cursor: undefined, counts: NONE }
  try {
    do {
      const page = await scan(prefix, state.cursor, batch)
      const counts = await each(page.records, work)
      // Where a store is away, the batch stays to be done.
      if (counts.failed > 0) await Promise.all([from.store, to.store].map(answers))
      state.counts = add(state.counts, counts)
      state.cursor = page.cursor
      state.done = write && page.cursor === undefined
      if (write) await writeState(task.state, state)
      progress.show(state.counts)
    } while (state.cursor !== undefined && !interrupt.asked)
  } finally {
    progress.end()
    interrupt.forget()
  }
  if (!write && state.cursor === undefined)
    await writeState(task.state, { ...begun, expected: total(state.counts) })
  console.log(summary(state.counts, write))
  if (state.cursor !== undefined) {
    console.error(`koa-sess: interrupted${task.state && write ? '; run it again to go on' : ''}`)
    return INTERRUPTED
  }
  if (!write) console.log('Nothing was written: this was a dry run. --write copies.')
  return state.counts.failed > 0 ? 1 : 0
}

async function answers(store: SessionStore): Promise<void> {
  await store.load('koa-sess:probe')
}

async function copying(from: SessionStore, { store, setup }: OpenedStore): Promise<Work> {
  await setup?.()
  return (record) => copy(from, store, record, Date.now())
}

/** A dry run makes no table, and takes one that is not there for empty. */
async function counting({ store, setup }: OpenedStore): Promise<Work> {
  const counter = (there: Pick<SessionStore, 'load'>): Work => {
    return (record) => foresee(there, record, Date.now())
  }
  try {
    await answers(store)
    return counter(store)
  } catch (error) {
    if (!setup) throw error
    console.error(`koa-sess: --to has no table yet, which --write makes (${sayWithoutData(error)})`)
    return counter({ load: () => undefined })
  }
}

/** Ctrl-C ends the batch first; a second one ends the process. */
class Interrupt {
  asked = false
  readonly #heard = (): void => {
    if (this.asked) process.exit(INTERRUPTED)
    this.asked = true
    console.error('\nkoa-sess: ending this batch; once more ends it now')
  }

  constructor() {
    process.on('SIGINT', this.#heard)
    process.on('SIGTERM', this.#heard)
  }

  forget(): void {
    process.off('SIGINT', this.#heard)
    process.off('SIGTERM', this.#heard)
  }
}
