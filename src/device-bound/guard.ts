import type { Context } from 'koa'
import { SessionError } from '../util/errors.js'
import { answer } from './answer.js'
import type { Binding } from './binding.js'
import type { DeviceSession } from './device-session.js'
import type { Unproved } from './options.js'
import { readSkipped } from './skipped.js'
import type { BoundDevice } from './types.js'

/**
 * Lets a request of a bound session pass, or refuses it. Undefined: it is answered.
 * @throws {SessionError} ERR_SESSION_DEVICE, and what `onUnproved` throws.
 */
export async function admit(
  device: DeviceSession,
  binding: Binding,
): Promise<BoundDevice | undefined> {
  const { ctx, settings } = device
  const { since, id } = binding
  const state = device.cookieState(binding)
  if (state === 'proved') return { since, isProved: true }
  // Requests that left before the registration's answer arrived cannot have the cookie. The clock of the
  // server that bound the session may be ahead of this one.
  if (Math.abs(settings.now() - since) < settings.grace) return { since, isProved: false }
  const skipped = readSkipped(ctx.get('Secure-Session-Skipped'), id)
  const unproved: Unproved = { why: state, skipped }
  device.emitRefused(state)
  if ((await settings.onUnproved.call(ctx, ctx, unproved)) === 'allow')
    return { since, isProved: false }
  return refuseRequest(device, unproved)
}

/** Nothing of the session is written or extended, and the browser forgets what leads nowhere. */
async function refuseRequest(
  device: DeviceSession,
  { why, skipped }: Unproved,
): Promise<undefined> {
  const { ctx, scope } = device
  const { session } = scope.session
  scope.session.saving = false
  // Without its cookie the browser proves the device before the next request.
  if (why !== 'unproved') device.clearCookie()
  const isForeign = comesFromOtherOrigin(ctx)
  if (isForeign && !skipped && isNavigation(ctx)) {
    answerWithRepeat(ctx)
    return undefined
  }
  // A browser that has the key says why it did not prove it. One that has lost it must get to a login.
  if (why === 'unproved' && !skipped && !isForeign && session && scope.canSend)
    await scope.clear(session)
  throw new SessionError(
    'ERR_SESSION_DEVICE',
    'This session is bound to a device, and the request does not prove it: log in again',
  )
}

/** For a link on another site a browser proves no device (draft, "Identify if a request is allowed to refresh"). */
function comesFromOtherOrigin(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  return site === 'cross-site' || site === 'same-site'
}

function isNavigation(ctx: Context): boolean {
  return ctx.method === 'GET' && ctx.get('Sec-Fetch-Mode') === 'navigate'
}

/** A page that loads the same address again, from this origin now: the browser proves the device first. */
function answerWithRepeat(ctx: Context): void {
  answer(ctx, 401, REPEAT)
  ctx.type = 'html'
}

const REPEAT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>One moment</title><p><a href="">Continue</a></p></html>'
