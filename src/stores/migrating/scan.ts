import type { ScanPage, SessionStore } from '../contract.js'
import { isMoved } from './mark.js'

type Scan = NonNullable<SessionStore['scan']>

/**
 * Scans `from`, then `to`. A session that moves during the scan is returned before its move, or from
 * `to` after it. A cursor is `from:` or `to:` and the cursor of that store.
 */
export function scanBoth(from: Scan, to: Scan): Scan {
  return async (prefix, cursor = 'from:', count): Promise<ScanPage> => {
    const [store = '', position = ''] = cursor.split(/:(.*)/s)
    const page = await (store === 'from' ? from : to)(prefix, position || undefined, count)
    if (store !== 'from') return { ...page, cursor: page.cursor && `to:${page.cursor}` }
    const records = page.records.filter(({ value }) => !isMoved(value))
    return { records, cursor: page.cursor ? `from:${page.cursor}` : 'to:' }
  }
}
