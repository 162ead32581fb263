import { cookieOf, send } from '../in-process/request.mjs'
import { HANDLERS, NAME } from '../shared/sessions.mjs'
import { cookieFor, DAY, idOf, keyOf } from './records.mjs'

let created = 0

/**
 * Only `run` is timed. `prepare` makes its argument from the index of a session, and `after` undoes
 * its effect.
 */
export function operations({ store, app, recordOf }) {
  return {
    load: {
      prepare: (index) => keyOf(idOf(index)),
      run: (key) => store.load(key),
      check: (record) => typeof record === 'string',
    },
    replace: {
      async prepare(index) {
        const key = keyOf(idOf(index))
        return { key, expected: await store.load(key), next: recordOf(created++) }
      },
      run: ({ key, expected, next }) => store.replace(key, expected, next, Date.now() + DAY),
      check: ({ ok }) => ok,
    },
    create: {
      prepare: () => ({ key: keyOf(`new-${created++}`), record: recordOf(created) }),
      run: ({ key, record }) => store.create(key, record, Date.now() + DAY),
      check: (done) => done,
      after: ({ key }) => store.destroy(key),
    },
    'read request': {
      async prepare(index) {
        app.handler = HANDLERS.read
        return cookieFor(index)
      },
      run: (cookie) => send(app.callback, cookie),
      check: (response) => response.body === NAME && cookieOf(response) === undefined,
    },
  }
}
