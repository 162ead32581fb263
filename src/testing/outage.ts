import { deepEqual, equal } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionStore } from '../stores/contract.js'
import { ignoreRejection } from '../util/async.js'
import type { Group, TestContext } from './context.js'
import { assertRefused, assertReplaced, assertValue, recordOf } from './values.js'

const A = recordOf('a')
const B = recordOf('b')

/** The default of `outage.patience`, in ms: a call has to fail while a visitor still waits. */
const PATIENCE = 1500

const patience = ({ outage }: TestContext) => outage.patience ?? PATIENCE

/** Runs `act` while the store is down. Restarts the store even if `act` fails. */
export async function whileDown(t: TestContext, act: () => Promise<void>): Promise<void> {
  await t.outage.down()
  try {
    await act()
  } finally {
    await t.outage.up()
  }
}

/** Waits until the store answers again. */
export async function waitUntilRecovered(t: TestContext, key: string): Promise<void> {
  const deadline = Date.now() + patience(t)
  for (;;) {
    try {
      await withTimeout(t, async () => t.store.load(key))
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(10)
    }
  }
}

async function withTimeout<T>(t: TestContext, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController()
  const timeout = async (): Promise<never> => {
    await sleep(patience(t), undefined, { signal: ended.signal })
    throw new Error(`No answer within ${patience(t)} ms`)
  }
  try {
    return await Promise.race([work(), timeout()])
  } finally {
    ended.abort()
  }
}

const CALLS: Record<string, (store: SessionStore, key: string, later: number) => unknown> = {
  load: (store, key) => store.load(key),
  'load with a touch': (store, key, later) => store.load(key, later),
  create: (store, key, later) => store.create(key, A, later),
  replace: (store, key, later) => store.replace(key, A, B, later),
  touch: (store, key, later) => store.touch(key, later),
  destroy: (store, key) => store.destroy(key),
}

/** An outage has to reject: a store that returned "no record" would log every user out. */
export const outage: Group = {
  name: 'outage',
  every: {
    'while the store is down, every call rejects': async (t) => {
      const { store, later } = t
      const key = await t.createRecord(A)
      await whileDown(t, async () => {
        const answers = await Promise.all(
          Object.entries(CALLS).map(async ([name, call]) => {
            const work = Promise.resolve().then(() => call(store, key, later))
            // A call that rejects after the time-out must not end the process.
            ignoreRejection(work)
            const answer = work.then(
              (value) => `${name} returned ${JSON.stringify(value)}`,
              () => '',
            )
            return withTimeout(t, () => answer).catch(() => `${name} did not answer`)
          }),
        )
        equal(answers.filter(Boolean).join(', '), '')
      })
      await waitUntilRecovered(t, key)
    },
    'after an outage the same instance works again': async (t) => {
      const { store, later } = t
      const key = t.key()
      await whileDown(t, () => settled(store.load(key)))
      await waitUntilRecovered(t, key)
      equal(await store.create(key, A, later), true)
      await assertReplaced(store, key, A, B, later)
      await assertRefused(store, key, A, B, later)
      equal(await store.touch(key, later), true)
      assertValue(await store.load(key, later), B)
      equal(await store.destroy(key), true)
    },
  },
  strong: {
    'a store with events emits disconnect and connect': async (t) => {
      const { source, store } = t
      if (!source.on) return
      const emitted: string[] = []
      const key = t.key()
      await store.load(key)
      const reconnected = new Promise<void>((resolve) => {
        source.on?.('disconnect', () => emitted.push('disconnect'))
        source.on?.('connect', () => {
          emitted.push('connect')
          if (emitted.includes('disconnect')) resolve()
        })
      })
      await whileDown(t, () => settled(store.load(key)))
      await withTimeout(t, () => reconnected).catch(() => undefined)
      deepEqual([emitted[0], emitted.at(-1)], ['disconnect', 'connect'], 'emitted events')
      await waitUntilRecovered(t, key)
    },
  },
}

async function settled(work: unknown): Promise<void> {
  await Promise.allSettled([work])
}
