import { SessionError } from '../util/errors.js'

/** Why a connection has to end: its session was ended, moved to a new id, or expired. */
export type SessionEndKind = 'ended' | 'moved' | 'expired'

const MESSAGES: Record<SessionEndKind, string> = {
  ended: 'The session of this connection was ended: let the user log in again',
  moved: 'The session of this connection moved to a new id: let the client connect again',
  expired: 'The session of this connection expired: let the user log in again',
}

/** What the signal of a connection is aborted with: ERR_SESSION_ENDED (409). */
export class SessionEndReason extends SessionError {
  constructor(readonly kind: SessionEndKind) {
    super('ERR_SESSION_ENDED', MESSAGES[kind])
  }
}
