import { HANDLERS, LARGE, NAME, SMALL } from '../shared/sessions.mjs'
import { BARE } from './setups.mjs'

const { untouched, read, modify, create } = HANDLERS

const bareRead = (ctx) => {
  ctx.body = NAME
}

/**
 * `session`: the stored session of the request's cookie; without it, the request has no cookie.
 * `sends`: whether the response must set the cookie.
 */
export const SCENARIOS = [
  { name: 'untouched, no cookie', handler: untouched, body: 'ok', sends: false },
  { name: 'read', session: SMALL, handler: read, bare: bareRead, body: NAME, sends: false },
  { name: 'modify', session: SMALL, handler: modify, body: 'ok', sends: true },
  {
    name: 'rolling read',
    rolling: true,
    session: SMALL,
    handler: read,
    bare: bareRead,
    body: NAME,
    sends: true,
  },
  { name: 'new', handler: create, body: 'ok', sends: true },
  { name: 'read 10 KB', session: LARGE, handler: read, bare: bareRead, body: NAME, sends: false },
]

/** The handler of a scenario; bare Koa gets one that uses no session. */
export function handlerFor(scenario, variant) {
  return variant === BARE ? (scenario.bare ?? untouched) : scenario.handler
}
