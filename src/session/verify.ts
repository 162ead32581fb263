import type { LoadedRecord } from '../record/records.js'
import type { Awaitable } from '../util/async.js'
import type { SessionState } from './state.js'

/**
 * Looks again at a session whose cookie was set early, before the answer goes out: a handler that
 * saved and then waited must not give back a cookie that another request ended meanwhile. A request
 * that waited for nothing makes no store call.
 */
export function verifyCookie(state: SessionState): Awaitable<void> {
  const { sentAt, found, request, settings } = state
  if (sentAt === undefined || !found || !request.canTakeBack) return undefined
  return settings.records.tick() === sentAt ? undefined : lookAgain(state, found)
}

async function lookAgain(state: SessionState, record: LoadedRecord): Promise<void> {
  try {
    const { kind } = await state.settings.records.find(record.id)
    if (kind !== 'record') state.markGone()
  } catch {
    // The store cannot say. A browser that has the cookie already loses nothing without it.
    if (record.id === state.presentedId) state.request.takeBack()
  }
}
