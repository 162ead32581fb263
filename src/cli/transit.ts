import { valueInTransit } from '../record/tombstone.js'
import type { ProcessRecord } from './batch.js'
import { UsageError } from './usage.js'

/** Refuses sessions in transit, which a store of get, set and destroy would keep in memory alone. */
export function withoutTransit(processRecord: ProcessRecord): ProcessRecord {
  return async (record) => {
    if (record.expiresAt > Date.now() && valueInTransit(record.value))
      throw new UsageError(
        'it is on its way to a hashed id: run it again once its user has sent a request',
      )
    return processRecord(record)
  }
}
