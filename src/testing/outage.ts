import { deepEqual, equal } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionStore } from '../stores/contract.js'
import type { Group, Trial } from './trial.js'
import { record, refuses, replaces, same } from './values.js'

const A = record('a')
const B = record('b')

/** A store that cannot be reached should say so while a visitor still waits, in ms. */
const PATIENCE = 1500

const patience = ({ outage }: Trial) => outage.patience ?? PATIENCE

/** Takes the store down, and brings it back whatever happens meanwhile. */
async function during(trial: Trial, act: () => Promise<void>): Promise<void> {
  await trial.outage.down()
  try {
    await act()
  } finally {
    await trial.outage.up()
  }
}

/** Waits until the store answers again. */
async function recovered(trial: Trial, key: string): Promise<void> {
  const deadline = Date.now() + patience(trial)
  for (;;) {
    try {
      await soon(trial, async () => trial.store.load(key))
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(10)
    }
  }
}

async function soon<T>(trial: Trial, work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = async (): Promise<never> => {
    await sleep(patience(trial), undefined, { signal: over.signal })
    throw new Error(`No answer within ${patience(trial)} ms`)
  }
  try {
    return await Promise.race([work(), late()])
  } finally {
    over.abort()
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

/** A failure is a failure: no call may take it for "no such session". */
export const outage: Group = {
  name: 'outage',
  every: {
    'while the store is down, every call rejects': async (trial) => {
      const { store, later } = trial
      const key = await trial.stored(A)
      await during(trial, async () => {
        const answers = await Promise.all(
          Object.entries(CALLS).map(async ([name, call]) => {
            const work = Promise.resolve().then(() => call(store, key, later))
            // In time or not, what comes of it must not end the process.
            work.catch(() => undefined)
            const answer = work.then(
              (value) => `${name} answered ${JSON.stringify(value)}`,
              () => '',
            )
            return soon(trial, () => answer).catch(() => `${name} hung`)
          }),
        )
        equal(answers.filter(Boolean).join(', '), '')
      })
      await recovered(trial, key)
    },
    'once it is back, the same instance goes on': async (trial) => {
      const { store, later } = trial
      const key = trial.key()
      await during(trial, () => Promise.resolve(store.load(key)).then(ignore, ignore))
      await recovered(trial, key)
      equal(await store.create(key, A, later), true)
      await replaces(store, key, A, B, later)
      await refuses(store, key, A, B, later)
      equal(await store.touch(key, later), true)
      same(await store.load(key, later), B)
      equal(await store.destroy(key), true)
    },
  },
  strong: {
    'a store that has events says disconnect, and connect': async (trial) => {
      const { source, store } = trial
      if (!source.on) return
      const heard: string[] = []
      const key = trial.key()
      await store.load(key)
      const news = new Promise<void>((resolve) => {
        source.on?.('disconnect', () => heard.push('disconnect'))
        source.on?.('connect', () => {
          heard.push('connect')
          if (heard.includes('disconnect')) resolve()
        })
      })
      await during(trial, () => Promise.resolve(store.load(key)).then(ignore, ignore))
      await soon(trial, () => news).catch(() => undefined)
      deepEqual([heard[0], heard.at(-1)], ['disconnect', 'connect'], 'What it said')
      await recovered(trial, key)
    },
  },
}

function ignore(): void {}
