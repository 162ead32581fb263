import { generateId } from '../session/id.js'
import { SessionError } from '../util/errors.js'
import { acknowledge, answer, answerWithoutSession, type ProofRefusal, refuse } from './answer.js'
import { type Binding, bindingInSession, setBinding } from './binding.js'
import { algorithmOf, type DeviceKey, deviceKeyIn, isSignedBy } from './device-key.js'
import type { DeviceSession } from './device-session.js'
import { readProof } from './proof.js'

/** The header that offers a browser to bind a session. Others ignore it. */
export function offerHeader({ challenges, settings }: DeviceSession, id: string): string {
  const challenge = challenges.make('registration challenge', id)
  return `(ES256 RS256);path="${settings.registrationPath}";challenge="${challenge}"`
}

/** The browser made a key for this session: the first key that it proves is stored in the session. */
export async function register(device: DeviceSession): Promise<void> {
  if (answerWithoutSession(device)) return
  const key = provedKey(device)
  if (typeof key === 'string') refuse(device, 403, key)
  else await bind(device, { id: generateId(), key, since: device.settings.now() })
}

/** What is cheap is checked first, and the signature last. */
function provedKey({ ctx, id = '', binding, challenges }: DeviceSession): DeviceKey | ProofRefusal {
  if (binding) return 'registered'
  const proof = readProof(ctx)
  const key = proof && deviceKeyIn(proof.jwk)
  if (!proof || !key || proof.alg !== algorithmOf(key)) return 'proof'
  if (!challenges.isFresh('registration challenge', id, proof.jti)) return 'challenge'
  return isSignedBy(key, proof.signed, proof.signature) ? key : 'signature'
}

/** Of two registrations at once the first one counts, in whatever process it is. */
async function bind(device: DeviceSession, binding: Binding): Promise<void> {
  try {
    const isFirst = await device.scope.session.update((draft) => {
      if (bindingInSession(draft)) return false
      setBinding(draft, binding)
      return true
    })
    if (!isFirst) return refuse(device, 403, 'registered')
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== 'ERR_SESSION_ENDED') throw error
    // A logout came first.
    return answer(device.ctx, 401, 'The session has ended')
  }
  device.emitBound()
  acknowledge(device, binding)
}
