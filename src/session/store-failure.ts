import { StoreFailure } from '../record/store-guard.js'
import type { Awaitable } from '../util/async.js'

/** A session whose store calls can fail. */
interface FailingSession {
  readonly request: { handleStoreFailure(failure: StoreFailure): Awaitable<void> }
}

/** Rethrows, unless it is a store failure and the option `errorHandler` returns. */
export async function handleStoreFailure(
  { request }: FailingSession,
  failure: unknown,
): Promise<StoreFailure> {
  if (!(failure instanceof StoreFailure)) throw failure
  await request.handleStoreFailure(failure)
  return failure
}
