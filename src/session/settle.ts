import { ignoreRejection } from '../util/async.js'

export type Callback = (error?: unknown) => void

/** With a callback, an error goes there alone, and the promise resolves to `failed`. */
export function settle<T>(work: Promise<T>, callback: Callback | undefined, failed: T): Promise<T> {
  // The commit of the request meets the same error, so that not awaiting it must not end the process.
  if (!callback) return ignoreRejection(work)
  const settled = work.then(
    () => process.nextTick(callback),
    (error) => process.nextTick(callback, error),
  )
  return settled.then(() => work.catch(() => failed))
}
