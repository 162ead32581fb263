import type { ScanPage, SessionStore } from '../stores/contract.js'

export type Scan = NonNullable<SessionStore['scan']>

/** How many records a page holds, about. */
const PAGE_SIZE = 500

/** The pages of a scan, from the first to the last. */
export async function* pages(scan: Scan, prefix: string): AsyncGenerator<ScanPage> {
  let cursor: string | undefined
  do {
    const page = await scan(prefix, cursor, PAGE_SIZE)
    yield page
    // Lets Ctrl-C arrive: a synchronous driver would hold it back until the scan is over.
    await new Promise(setImmediate)
    cursor = page.cursor
  } while (cursor !== undefined)
}
