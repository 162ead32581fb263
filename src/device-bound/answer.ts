import type { Context } from 'koa'
import type { DeviceRefusal } from '../util/events.js'
import type { Binding } from './binding.js'
import type { DeviceSession } from './device-session.js'

/**
 * An answer to the browser's own request. The texts are for people with developer tools: an empty body
 * could be filled by a middleware above.
 */
export function answer(ctx: Context, status: number, body: string | object): void {
  ctx.status = status
  ctx.set('Cache-Control', 'no-store')
  ctx.body = body
}

/**
 * Answers where there is no session to speak of. True: it did. A browser keeps its binding at a 503,
 * and ends it at a 401: a store that failed must not cost a user the login.
 */
export function answerWithoutSession({ ctx, id, isBlocked }: DeviceSession): boolean {
  if (ctx.method !== 'POST') {
    ctx.set('Allow', 'POST')
    answer(ctx, 405, 'Only browsers send requests to this address')
  } else if (isBlocked) answer(ctx, 503, 'The session is not known just now')
  else if (id === undefined) answer(ctx, 401, 'There is no session')
  else return false
  return true
}

/** Ends the binding in the browser, as every 4xx does but a 403 with a challenge, 407 and 429. */
export function refuse(device: DeviceSession, status: 401 | 403, why: ProofRefusal): void {
  device.emitRefused(why)
  answer(device.ctx, status, REASONS[why])
}

/** The device is proved: sends the bound cookie, and the challenge for the next time. */
export function acknowledge(device: DeviceSession, binding: Binding): void {
  device.sendChallenge(binding)
  device.sendCookie(binding)
  answer(device.ctx, 200, device.instructions(binding))
}

/** Why a proof was refused. */
export type ProofRefusal = Extract<
  DeviceRefusal,
  'proof' | 'challenge' | 'signature' | 'registered'
>

const REASONS: Record<ProofRefusal, string> = {
  proof: 'Secure-Session-Response holds no such proof',
  challenge: 'The challenge has ended, or is not of this session',
  signature: 'The proof is not signed by the key of the device',
  registered: 'The session is bound already',
}
