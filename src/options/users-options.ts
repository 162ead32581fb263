import type { Context } from 'koa'
import type { SessionOf } from '../session/session.js'
import type { UserId } from '../users/owner.js'
import { SessionError } from '../util/errors.js'
import { assertKnownOptions, isObject } from '../util/shape.js'

/**
 * Keeps a list of each user's sessions: they can be listed, ended and limited (ASVS 7.4.2, 7.4.3, 7.5.2).
 * @since Unreleased
 */
export interface UsersOptions<Data extends object = SessionData> {
  /**
   * Whose a session is: the id of its user. undefined or null: no user's. Called at every write, so it must be quick.
   * @example session({ users: { of: (session) => session.user } })
   */
  of: (session: SessionOf<Data>) => UserId | null | undefined
  /**
   * How many sessions a user may have (ASVS 7.1.2).
   * @default no limit
   * @example session({ users: { of: (session) => session.user, max: 5 } })
   */
  max?: number | undefined
  /**
   * What a login does when the user has `max` sessions: ends the oldest, or is refused with ERR_SESSION_LIMIT (409).
   * @default 'end-oldest'
   * @example session({ users: { of: (session) => session.user, max: 1, whenFull: 'refuse' } })
   */
  whenFull?: 'end-oldest' | 'refuse' | undefined
  /**
   * What the list shows of a session, kept from the login on: at most 1 KB as JSON, for which texts are shortened.
   * @default nothing
   * @example session({ users: { of: (session) => session.user, describe: (ctx) => ctx.get('User-Agent') } })
   */
  describe?: ((this: Context, ctx: Context) => unknown) | undefined
}

/** @throws {SessionError} ERR_SESSION_OPTION */
export function checkUsers(users: unknown): void {
  if (users === undefined) return
  check(isObject(users) && typeof users.of === 'function', 'users', '{ of: a function }')
  assertKnownOptions('users', users, ['of', 'max', 'whenFull', 'describe'])
  const { max, whenFull, describe } = users
  const isCount = typeof max === 'number' && Number.isInteger(max) && max > 0
  check(max === undefined || isCount, 'users.max', 'a number above 0')
  const words: unknown[] = [undefined, 'end-oldest', 'refuse']
  check(words.includes(whenFull), 'users.whenFull', 'end-oldest or refuse')
  const isFunction = describe === undefined || typeof describe === 'function'
  check(isFunction, 'users.describe', 'a function')
}

function check(fits: boolean, name: string, wanted: string): asserts fits {
  if (!fits) throw new SessionError('ERR_SESSION_OPTION', `${name} must be ${wanted}`)
}
