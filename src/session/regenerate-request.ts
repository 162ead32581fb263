import { SessionError } from '../util/errors.js'
import { assertKnownOptions, isObject } from '../util/shape.js'
import type { RegenerateRequest } from './declared-data.js'

/**
 * Refuses what `regenerate` would ignore: the data that were to be kept would be lost.
 * @throws {SessionError} ERR_SESSION_OPTION
 */
export function checkRegenerate(request: RegenerateRequest, hasUsers: boolean): RegenerateRequest {
  if (!isObject(request)) throw bad('regenerate takes { keep: [keys], checkpoint }')
  assertKnownOptions('regenerate', request, ['keep', 'checkpoint'])
  const { keep, checkpoint } = request
  const isKeys = Array.isArray(keep) && keep.every((key) => typeof key === 'string')
  if (keep !== undefined && !isKeys) throw bad('keep must be an array of keys')
  if (checkpoint !== undefined && typeof checkpoint !== 'string')
    throw bad('checkpoint must be what sessions.of(userId).checkpoint() resolved to: await it')
  if (checkpoint !== undefined && !hasUsers) throw bad('checkpoint needs the option users')
  return request
}

function bad(message: string): SessionError {
  return new SessionError('ERR_SESSION_OPTION', message)
}
