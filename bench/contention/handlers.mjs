import { setImmediate as turn } from 'node:timers/promises'
import { SMALL } from '../shared/sessions.mjs'

export const keyOf = (writer) => `k${writer.toString(36)}`

/**
 * What handlers do with a session, the same in every package. A turn of the event loop lies between reading and
 * writing, where an application would wait for its database: without it, requests on a memory store never overlap.
 */
export const HANDLERS = {
  '/login': (session, { keys }) => {
    Object.assign(session, SMALL, { views: 0 })
    for (let writer = 0; writer < Number(keys); writer++) session[keyOf(writer)] = 0
    return 'ok'
  },
  '/modify': async (session, { key }) => {
    const before = session[key]
    await turn()
    session[key] = before + 1
    return 'ok'
  },
  '/count': async (session) => {
    const before = session.views
    await turn()
    if (session.update) await session.update(increment)
    else session.views = before + 1
    return 'ok'
  },
  '/read': (session) => session.user.name,
  '/rolling': (session) => session.user.name,
  '/session': (session) => JSON.stringify(session),
}

function increment(draft) {
  draft.views++
}
