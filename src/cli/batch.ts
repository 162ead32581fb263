import type { StoredRecord } from '../stores/contract.js'
import { type Counts, NO_COUNTS, type Outcome } from './outcome.js'

/** Copies or previews one record. */
export type ProcessRecord = (record: StoredRecord) => Promise<Outcome>

const CONCURRENCY = 16

/** Processes records, 16 at a time. A record that fails is counted and does not stop the others. */
export async function processBatch(
  records: StoredRecord[],
  processRecord: ProcessRecord,
): Promise<Counts> {
  const counts = { ...NO_COUNTS }
  const pending = records.values()
  const worker = async () => {
    for (const record of pending)
      counts[await processRecord(record).catch((): Outcome => 'failed')]++
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return counts
}
