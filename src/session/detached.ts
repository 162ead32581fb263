import { SessionError } from '../util/errors.js'
import type { SessionOwner } from './session.js'

const reject = () =>
  Promise.reject(new SessionError('ERR_SESSION_VALUE', 'This session belongs to no request'))

/** The owner of a session that belongs to no request. */
export const DETACHED: SessionOwner = {
  isNew: () => true,
  save: reject,
  regenerate: reject,
  destroy: reject,
  touch: () => undefined,
  update: reject,
  reload: reject,
}
