import type { Context } from 'koa'
import type { SessionEvent, SessionNotice } from '../util/events.js'

/** One event on the app: a notice and the context of its request. Log it without `ctx`, whose headers hold the cookie. */
export interface SessionAppNotice extends SessionNotice {
  ctx: Context
}

/** The names of koa-session, and `superseded`. */
type OtherName = 'missed' | 'expired' | 'invalid' | 'superseded'

/** What the app emits, and with what. */
export type SessionEventMap = {
  [Name in SessionEvent | OtherName as `session:${Name}`]: [notice: SessionAppNotice]
}

type On = <Name extends keyof SessionEventMap>(
  name: Name,
  listener: (...args: SessionEventMap[Name]) => void,
) => unknown

/** An app, as far as it emits these events: Koa's own types take any name, `const events: SessionEmitter = app` does not. */
export interface SessionEmitter {
  on: On
  once: On
  off: On
}
