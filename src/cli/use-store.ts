import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenedStore } from './opened-store.js'

/** How long a store may take to close, in ms. */
const CLOSE_TIMEOUT = 1000

/** Works with an opened store, and closes it. @returns what `use` returns, an exit code. */
export async function useStore(
  opened: OpenedStore,
  use: (opened: OpenedStore) => Promise<number>,
): Promise<number> {
  try {
    const code = await use(opened)
    await closeInTime(opened)
    return code
  } catch (error) {
    // What failed first is what is reported.
    await closeInTime(opened).catch(() => undefined)
    throw error
  }
}

/** Some clients wait without end for a server that is gone. The process ends all the same. */
async function closeInTime(opened: OpenedStore): Promise<void> {
  const timer = new AbortController()
  const timeout = sleep(CLOSE_TIMEOUT, undefined, { signal: timer.signal }).catch(() => undefined)
  try {
    await Promise.race([opened.close(), timeout])
  } finally {
    timer.abort()
  }
}
