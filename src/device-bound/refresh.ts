import { acknowledge, answer, answerWithoutSession, type ProofRefusal, refuse } from './answer.js'
import type { Binding } from './binding.js'
import { algorithmOf, isSignedBy } from './device-key.js'
import type { DeviceSession } from './device-session.js'
import { readItem } from './item.js'
import { readProof } from './proof.js'

/** The browser proves that it still has the key. Nothing is written. */
export function refresh(device: DeviceSession): void {
  const { session } = device.scope
  // A rolling read has extended the session already: to put that back would be a write.
  const isExtended = session.loaded?.kind === 'found' && session.loaded.extension !== undefined
  if (!isExtended) session.saving = false
  if (answerWithoutSession(device)) return
  const { ctx, binding } = device
  const identifier = readItem(ctx.get('Sec-Secure-Session-Id'), binding?.id.length ?? 0)
  if (!binding || identifier !== binding.id) {
    // The browser's binding is that of an earlier login: this ends it there.
    answer(ctx, 401, 'The session is not bound by this identifier')
    return
  }
  const result = check(device, binding)
  if (result === 'proved') acknowledge(device, binding)
  else if (result === 'challenge') challenge(device, binding)
  else refuse(device, 401, result)
}

function check(
  { ctx, challenges }: DeviceSession,
  { id, key }: Binding,
): 'proved' | Exclude<ProofRefusal, 'registered'> {
  if (ctx.get('Secure-Session-Response') === '') return 'challenge'
  const proof = readProof(ctx)
  if (!proof || proof.alg !== algorithmOf(key) || (proof.sub ?? id) !== id) return 'proof'
  if (!challenges.isFresh('refresh challenge', id, proof.jti)) return 'challenge'
  return isSignedBy(key, proof.signed, proof.signature) ? 'proved' : 'signature'
}

/** The browser signs the challenge, and sends the same request again. */
function challenge(device: DeviceSession, binding: Binding): void {
  device.sendChallenge(binding)
  answer(device.ctx, 403, 'Sign the challenge')
}
