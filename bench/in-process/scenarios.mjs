import { HANDLERS, LARGE, NAME, SMALL } from '../shared/sessions.mjs'
import { BARE } from './setups.mjs'

const { untouched, read, modify, create } = HANDLERS

const bareRead = (ctx) => {
  ctx.body = NAME
}

/**
 * `session`: what the store holds under the cookie of the request; without one, it carries no
 * cookie. `sends`: whether the answer has to carry the cookie.
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

/** What the handler of a scenario does where there is no session. */
export function handlerFor(scenario, variant) {
  return variant === BARE ? (scenario.bare ?? untouched) : scenario.handler
}
