import type { StoredRecord } from '../stores/contract.js'
import { type Counts, NO_COUNTS, type Outcome } from './outcome.js'

/** Copies or previews one record. */
export type ProcessRecord = (record: StoredRecord) => Promise<Outcome>

/** Rejects if a store does not answer. */
export type ProbeStores = () => Promise<unknown>

const CONCURRENCY = 16

/** Is called for each record that fails, with what was thrown, if anything was. */
export type OnFailure = (error: unknown) => void

/**
 * Processes records, 16 at a time. A record that fails is counted and does not stop the others, unless
 * a store does not answer: then the batch ends at once, as every other record would fail as late.
 * @throws what `probeStores` rejects with.
 */
export async function processBatch(
  records: StoredRecord[],
  processRecord: ProcessRecord,
  probeStores: ProbeStores,
  onFailure: OnFailure,
): Promise<Counts> {
  const counts = { ...NO_COUNTS }
  const pending = records.values()
  let isStopped = false
  let probing: Promise<unknown> | undefined
  const processNext = async (record: StoredRecord): Promise<Outcome> => {
    try {
      const outcome = await processRecord(record)
      if (outcome === 'failed') onFailure(undefined)
      return outcome
    } catch (error) {
      // Records that fail at the same time share one probe.
      probing ??= probeStores().finally(() => {
        probing = undefined
      })
      await probing
      onFailure(error)
      return 'failed'
    }
  }
  const worker = async () => {
    for (const record of pending) {
      if (isStopped) return
      counts[await processNext(record)]++
    }
  }
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  } finally {
    isStopped = true
  }
  return counts
}
