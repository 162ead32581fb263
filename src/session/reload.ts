import { sessionEnded } from '../util/errors.js'
import { rebase } from './rebase.js'
import type { SessionState } from './state.js'
import { handleStoreFailure } from './store-failure.js'

/**
 * Reads a session again, and keeps what its handler changed.
 * @throws {SessionError} ERR_SESSION_ENDED, and what the store throws, whatever `errorHandler` does.
 */
export async function reload(state: SessionState): Promise<void> {
  assertUsable(state)
  try {
    await readAgain(state)
  } catch (failure) {
    throw (await handleStoreFailure(state, failure)).error
  }
  assertUsable(state)
}

function assertUsable({ loaded }: SessionState): void {
  if (loaded?.kind === 'blocked') throw loaded.failure ?? sessionEnded()
}

async function readAgain(state: SessionState): Promise<void> {
  const { record, session, settings } = state
  // It is not stored yet, or it leaves its id.
  if (!record || !session) return
  const found = await settings.records.reload(record)
  if (found.kind !== 'record' || settings.lifetime.isOver(found.record)) state.markGone()
  else if (found.record.value !== record.value) rebase(state, session, found.record)
}
