import type { SessionStore } from '../stores/contract.js'
import { hasCode } from '../stores/sql/errors.js'
import { identify } from './address.js'
import { type ProcessRecord, processBatch } from './batch.js'
import { copy, preview } from './copy.js'
import { Failures } from './failures.js'
import { INTERRUPTED, Interrupt } from './interrupt.js'
import type { OpenedStore } from './opened-store.js'
import { addCounts, NO_COUNTS, total } from './outcome.js'
import type { Scan } from './pages.js'
import { Progress, summary } from './progress.js'
import { fingerprint, readState, type State, writeState } from './state.js'
import { openStore } from './stores.js'
import { withoutTransit } from './transit.js'
import { type MigrateTask, UsageError } from './usage.js'
import { useStore } from './use-store.js'

interface Stores {
  from: OpenedStore
  scan: Scan
  to: OpenedStore
}

/** Runs `koa-sess migrate`. @returns its exit code. */
export async function migrate(task: MigrateTask): Promise<number> {
  const [source, target] = [identify(task.from, 'from'), identify(task.to, 'to')]
  if (source === target) throw new UsageError('--from and --to are the same store')
  const state = await readState(task.state, fingerprint(source, target, task.prefix))
  if (state.done && task.write) {
    console.log('This was finished by an earlier run; remove the file of --state to run it again.')
    console.log(summary(state.counts, true))
    return exitCodeOf(state)
  }
  return useStore(await openStore(task.from, 'from'), async (from) => {
    const scan = from.store.scan?.bind(from.store)
    if (!scan)
      throw new UsageError(
        '--from is a store without scan, so its sessions cannot be listed: move them in the application, with migrating()',
      )
    const to = await openStore(task.to, 'to', !task.write)
    return useStore(to, () => run(task, state, { from, scan, to }))
  })
}

async function run(task: MigrateTask, saved: State, stores: Stores): Promise<number> {
  const { write } = task
  // A dry run starts at the first page, and keeps the cursor that a real run saved.
  const state = write ? { ...saved } : { ...saved, cursor: undefined, counts: NO_COUNTS }
  const failures = new Failures()
  await processPages(task, state, stores, failures)
  if (!write && state.cursor === undefined)
    await writeState(task.state, { ...saved, expected: total(state.counts) })
  console.log(summary(state.counts, write))
  for (const line of failures.lines()) console.error(`koa-sess: ${line}`)
  if (state.cursor !== undefined) {
    console.error(`koa-sess: interrupted${task.state && write ? '; run it again to go on' : ''}`)
    return INTERRUPTED
  }
  if (!write) console.log('Nothing was written: this was a dry run. --write copies.')
  return exitCodeOf(state)
}

/** Processes page after page, and notes the progress in `state`, until the end or an interrupt. */
async function processPages(
  task: MigrateTask,
  state: State,
  { from, scan, to }: Stores,
  failures: Failures,
): Promise<void> {
  const { prefix, batch, write } = task
  const processAny = await (write ? copying(from.store, to) : previewing(to))
  const processRecord = to.isWeak ? withoutTransit(processAny) : processAny
  const probeStores = () => Promise.all([from.store, to.store].map(probe))
  const onFailure = (error: unknown) => failures.add(error)
  const progress = new Progress({ expected: state.expected, done: total(state.counts) })
  const interrupt = new Interrupt()
  try {
    do {
      const page = await scan(prefix, state.cursor, batch)
      // Throws if a store does not answer: the state is not saved, so that the batch is repeated.
      const counts = await processBatch(page.records, processRecord, probeStores, onFailure)
      state.counts = addCounts(state.counts, counts)
      state.cursor = page.cursor
      state.done = write && page.cursor === undefined
      if (write) await writeState(task.state, state)
      progress.show(total(state.counts))
    } while (state.cursor !== undefined && !interrupt.requested)
  } finally {
    progress.end()
    interrupt.dispose()
  }
}

function exitCodeOf({ counts }: State): number {
  return counts.failed > 0 ? 1 : 0
}

/** @throws when the store does not answer. */
async function probe(store: SessionStore): Promise<void> {
  await store.load('koa-sess:probe')
}

async function copying(from: SessionStore, { store, setup }: OpenedStore): Promise<ProcessRecord> {
  await setup?.()
  return (record) => copy(from, store, record, Date.now())
}

/** A dry run creates no file and no table; what is missing counts as empty. */
async function previewing({ store, setup, isNew }: OpenedStore): Promise<ProcessRecord> {
  const previewIn = (target: Pick<SessionStore, 'load'>): ProcessRecord => {
    return (record) => preview(target, record, Date.now())
  }
  try {
    await probe(store)
    if (!isNew) return previewIn(store)
  } catch (error) {
    if (!setup || !isMissingTable(error)) throw error
  }
  console.error('koa-sess: --to has no table yet, --write creates it')
  return previewIn({ load: () => undefined })
}

/** Any other failure of a dry run would be one of the copy too. */
function isMissingTable(error: unknown): boolean {
  const cause: unknown = Reflect.get(Object(error), 'cause')
  return (
    hasCode(cause, '42P01', 'ER_NO_SUCH_TABLE') ||
    (cause instanceof Error && cause.message.startsWith('no such table'))
  )
}
