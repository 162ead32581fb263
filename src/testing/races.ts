import { equal, fail, ok } from 'node:assert/strict'
import type { SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import type { Group, Trial } from './trial.js'
import { dataOf, record, refuses, replaces, same } from './values.js'

const A = record('a')
const B = record('b')
const INCREMENTS = 8
const ROUNDS = 20

type Call<T> = (store: SessionStore, writer: number) => Awaitable<T>

/** All writers do the same at once, spread over all instances. */
async function all<T>(trial: Trial, call: Call<T>): Promise<T[]> {
  const stores = await trial.stores()
  return Promise.all(
    Array.from({ length: trial.writers }, async (_, writer) =>
      call(at(stores, writer % stores.length), writer),
    ),
  )
}

/** The same, while one other does something else: first, last, or anywhere between. */
async function against<T, U>(
  trial: Trial,
  round: number,
  one: (store: SessionStore) => Awaitable<T>,
  many: Call<U>,
): Promise<[T, U[]]> {
  const stores = await trial.stores()
  let answer: Promise<T> | undefined
  const others: Promise<U>[] = []
  const place = Math.floor((round * trial.writers) / (ROUNDS - 1))
  for (let writer = 0; writer <= trial.writers; writer++) {
    const store = at(stores, (writer + round) % stores.length)
    if (writer === place) answer = (async () => one(store))()
    else others.push((async () => many(store, writer))())
  }
  const [rest, first] = await Promise.all([Promise.all(others), answer])
  return [first as T, rest]
}

/** Reads, adds one and replaces, until nobody came between. @returns the number it wrote. */
async function increment(trial: Trial, store: SessionStore, key: string): Promise<number> {
  let seen = await store.load(key)
  // Every refusal means that somebody else got through, and that happens so often at most.
  for (let tries = 0; tries <= trial.writers * INCREMENTS; tries++) {
    const next = Number(dataOf(seen)) + 1
    const answer = await store.replace(key, seen ?? '', record(next), trial.later)
    if (answer.ok) return next
    seen = answer.current
  }
  fail('replace kept refusing the value that it had just answered')
}

async function rounds(race: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await race(round)
}

/** Many writers at once, through as many instances as there are. */
export const races: Group = {
  name: 'races',
  every: {
    'counting by replace and retry counts exactly': async (trial) => {
      const key = await trial.stored(record(0))
      const counts = await all(trial, async (store) => {
        const written: number[] = []
        while (written.length < INCREMENTS) written.push(await increment(trial, store, key))
        return written
      })
      const total = trial.writers * INCREMENTS
      equal(new Set(counts.flat()).size, total, 'Two writers wrote the same number')
      same(await trial.store.load(key), record(total))
    },
    'of many replaces of one value, one writes, and the others are told what': async (trial) => {
      await rounds(async () => {
        const key = await trial.stored(A)
        const answers = await all(trial, (store, writer) =>
          store.replace(key, A, record(writer), trial.later),
        )
        const won = answers.findIndex(({ ok }) => ok)
        equal(answers.filter(({ ok }) => ok).length, 1, 'replaces that wrote')
        for (const answer of answers) if (!answer.ok) same(answer.current, record(won))
        same(await trial.store.load(key), record(won))
      })
    },
    'of many creates of one key, one says true': async (trial) => {
      await rounds(async () => {
        const key = trial.key()
        const answers = await all(trial, (store, writer) =>
          store.create(key, record(writer), trial.later),
        )
        equal(answers.filter(Boolean).length, 1, 'creates that said true')
        same(await trial.store.load(key), record(answers.indexOf(true)))
      })
    },
    'of many destroys of one record, one says true': async (trial) => {
      await rounds(async () => {
        const key = await trial.stored(A)
        const answers = await all(trial, (store) => store.destroy(key))
        equal(answers.filter(Boolean).length, 1, 'destroys that said true')
        same(await trial.store.load(key), undefined)
      })
    },
    'writers of different keys do not disturb each other': async (trial) => {
      const keys = Array.from({ length: trial.writers }, () => trial.key())
      await all(trial, async (store, writer) => {
        const key = at(keys, writer)
        equal(await store.create(key, record(0), trial.later), true)
        for (let count = 1; count <= INCREMENTS; count++)
          await replaces(store, key, record(count - 1), record(count), trial.later)
      })
      for (const key of keys) same(await trial.store.load(key), record(INCREMENTS))
    },
    'destroy wins over every replace': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const [destroyed, answers] = await against(trial, round, destroy, (store, writer) =>
          store.replace(key, A, record(writer), trial.later),
        )
        equal(destroyed, true)
        ok(answers.filter(({ ok }) => ok).length <= 1, 'Two replaces wrote')
        same(await trial.store.load(key), undefined)
      })
    },
    'destroy wins over every touch': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const touch = (store: SessionStore) => store.touch(key, trial.later)
        equal((await against(trial, round, destroy, touch))[0], true)
        same(await trial.store.load(key), undefined)
      })
    },
    'destroy wins over every load with a touch': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const load = (store: SessionStore) => store.load(key, trial.later)
        const [destroyed, values] = await against(trial, round, destroy, load)
        equal(destroyed, true)
        for (const value of values) if (value !== undefined) same(value, A)
        same(await trial.store.load(key), undefined)
      })
    },
    'touch never brings an older value back': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const replace = (store: SessionStore) => replaces(store, key, A, B, trial.later)
        await against(trial, round, replace, (store) => store.touch(key, trial.later))
        same(await trial.store.load(key), B)
      })
    },
    'load with a touch never brings an older value back': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const replace = (store: SessionStore) => replaces(store, key, A, B, trial.later)
        await against(trial, round, replace, (store) => store.load(key, trial.later))
        same(await trial.store.load(key), B)
      })
    },
    'create against destroy: the answer says which of them came first': async (trial) => {
      await rounds(async (round) => {
        const key = await trial.stored(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const [, created] = await against(trial, round, destroy, (store, writer) =>
          store.create(key, record(writer), trial.later),
        )
        ok(created.filter(Boolean).length <= 1, 'Two creates said true')
        const value = await trial.store.load(key)
        equal(value !== undefined, created.includes(true), 'The answers tell otherwise')
        await refuses(trial.store, key, A, value, trial.later)
      })
    },
  },
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  ok(item !== undefined)
  return item
}
