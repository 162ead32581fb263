import type { StoredRecord } from '../stores/contract.js'
import { Interrupt } from './interrupt.js'
import type { OpenedStore } from './opened-store.js'
import { pages } from './pages.js'
import { Progress } from './progress.js'

/** `interrupted`: by Ctrl-C. `unsupported`: the store has no `scan`. */
export type ScanEnd = 'complete' | 'stopped' | 'interrupted' | 'unsupported'

/**
 * Calls `use` with each record whose key begins with a prefix, and shows how far it is.
 * @param use Returns `stop` when no other record is needed.
 */
export async function scanAll(
  { store, partOf }: OpenedStore,
  prefix: string,
  use: (record: StoredRecord) => 'stop' | undefined | Promise<'stop' | undefined>,
): Promise<ScanEnd> {
  const scan = store.scan?.bind(store)
  if (!scan) return 'unsupported'
  const progress = new Progress({ expected: undefined, done: 0 })
  const interrupt = new Interrupt()
  let done = 0
  try {
    for await (const { records, cursor } of pages(scan, prefix)) {
      for (const record of records) if ((await use(record)) === 'stop') return 'stopped'
      done += records.length
      const part = cursor === undefined ? 1 : partOf?.(cursor)
      progress.expected = part ? Math.round(done / part) : undefined
      progress.show(done)
      if (interrupt.requested && cursor !== undefined) return 'interrupted'
    }
    return 'complete'
  } finally {
    progress.end()
    interrupt.dispose()
  }
}
