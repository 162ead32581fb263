import { equal, fail, ok } from 'node:assert/strict'
import type { SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'
import type { Group, TestContext } from './context.js'
import { assertRefused, assertReplaced, assertValue, dataOf, recordOf } from './values.js'

const A = recordOf('a')
const B = recordOf('b')
const INCREMENTS = 8
const ROUNDS = 20

type Call<T> = (store: SessionStore, writer: number) => Awaitable<T>

/** Every writer runs `call` at the same time; writers are spread over all instances. */
async function concurrently<T>(t: TestContext, call: Call<T>): Promise<T[]> {
  const stores = await t.stores()
  return Promise.all(
    Array.from({ length: t.writers }, async (_, writer) =>
      call(itemAt(stores, writer % stores.length), writer),
    ),
  )
}

/** `one` runs at the same time as `others`: first, last or in between, depending on the round. */
async function race<T, U>(
  t: TestContext,
  round: number,
  one: (store: SessionStore) => Awaitable<T>,
  others: Call<U>,
): Promise<[T, U[]]> {
  const stores = await t.stores()
  let answer: Promise<T> | undefined
  const pending: Promise<U>[] = []
  const place = Math.floor((round * t.writers) / (ROUNDS - 1))
  for (let writer = 0; writer <= t.writers; writer++) {
    const store = itemAt(stores, (writer + round) % stores.length)
    if (writer === place) answer = (async () => one(store))()
    else pending.push((async () => others(store, writer))())
  }
  const [rest, first] = await Promise.all([Promise.all(pending), answer])
  return [first as T, rest]
}

/** Reads, adds one and replaces, until no other write came in between. @returns the number it wrote. */
async function increment(t: TestContext, store: SessionStore, key: string): Promise<number> {
  let seen = await store.load(key)
  // A refusal means that another write succeeded, and there are no more writes than this.
  for (let tries = 0; tries <= t.writers * INCREMENTS; tries++) {
    const next = Number(dataOf(seen)) + 1
    const answer = await store.replace(key, seen ?? '', recordOf(next), t.later)
    if (answer.ok) return next
    seen = answer.current
  }
  fail('replace kept refusing the value that it had just returned')
}

async function repeat(act: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await act(round)
}

/** Concurrent calls, through all instances. */
export const races: Group = {
  name: 'races',
  every: {
    'concurrent increments by replace and retry lose none': async (t) => {
      const key = await t.createRecord(recordOf(0))
      const counts = await concurrently(t, async (store) => {
        const written: number[] = []
        while (written.length < INCREMENTS) written.push(await increment(t, store, key))
        return written
      })
      const total = t.writers * INCREMENTS
      equal(new Set(counts.flat()).size, total, 'Two writers wrote the same number')
      assertValue(await t.store.load(key), recordOf(total))
    },
    'of concurrent replaces of one value, one writes and the others return its value': async (
      t,
    ) => {
      await repeat(async () => {
        const key = await t.createRecord(A)
        const answers = await concurrently(t, (store, writer) =>
          store.replace(key, A, recordOf(writer), t.later),
        )
        const won = answers.findIndex(({ ok }) => ok)
        equal(answers.filter(({ ok }) => ok).length, 1, 'replaces that wrote')
        for (const answer of answers) if (!answer.ok) assertValue(answer.current, recordOf(won))
        assertValue(await t.store.load(key), recordOf(won))
      })
    },
    'of concurrent creates of one key, one returns true': async (t) => {
      await repeat(async () => {
        const key = t.key()
        const answers = await concurrently(t, (store, writer) =>
          store.create(key, recordOf(writer), t.later),
        )
        equal(answers.filter(Boolean).length, 1, 'creates that returned true')
        assertValue(await t.store.load(key), recordOf(answers.indexOf(true)))
      })
    },
    'of concurrent destroys of one record, one returns true': async (t) => {
      await repeat(async () => {
        const key = await t.createRecord(A)
        const answers = await concurrently(t, (store) => store.destroy(key))
        equal(answers.filter(Boolean).length, 1, 'destroys that returned true')
        assertValue(await t.store.load(key), undefined)
      })
    },
    'writers of different keys do not affect each other': async (t) => {
      const keys = Array.from({ length: t.writers }, () => t.key())
      await concurrently(t, async (store, writer) => {
        const key = itemAt(keys, writer)
        equal(await store.create(key, recordOf(0), t.later), true)
        for (let count = 1; count <= INCREMENTS; count++)
          await assertReplaced(store, key, recordOf(count - 1), recordOf(count), t.later)
      })
      for (const key of keys) assertValue(await t.store.load(key), recordOf(INCREMENTS))
    },
    'destroy wins over every replace': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const [destroyed, answers] = await race(t, round, destroy, (store, writer) =>
          store.replace(key, A, recordOf(writer), t.later),
        )
        equal(destroyed, true)
        ok(answers.filter(({ ok }) => ok).length <= 1, 'Two replaces wrote')
        assertValue(await t.store.load(key), undefined)
      })
    },
    'destroy wins over every touch': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const touch = (store: SessionStore) => store.touch(key, t.later)
        equal((await race(t, round, destroy, touch))[0], true)
        assertValue(await t.store.load(key), undefined)
      })
    },
    'destroy wins over every load with touch': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const load = (store: SessionStore) => store.load(key, t.later)
        const [destroyed, values] = await race(t, round, destroy, load)
        equal(destroyed, true)
        for (const value of values) if (value !== undefined) assertValue(value, A)
        assertValue(await t.store.load(key), undefined)
      })
    },
    'touch never restores an older value': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const replace = (store: SessionStore) => assertReplaced(store, key, A, B, t.later)
        await race(t, round, replace, (store) => store.touch(key, t.later))
        assertValue(await t.store.load(key), B)
      })
    },
    'load with touch never restores an older value': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const replace = (store: SessionStore) => assertReplaced(store, key, A, B, t.later)
        await race(t, round, replace, (store) => store.load(key, t.later))
        assertValue(await t.store.load(key), B)
      })
    },
    'create during destroy: the answers match what is stored': async (t) => {
      await repeat(async (round) => {
        const key = await t.createRecord(A)
        const destroy = (store: SessionStore) => store.destroy(key)
        const [, created] = await race(t, round, destroy, (store, writer) =>
          store.create(key, recordOf(writer), t.later),
        )
        ok(created.filter(Boolean).length <= 1, 'Two creates returned true')
        const value = await t.store.load(key)
        equal(
          value !== undefined,
          created.includes(true),
          'The answers of create contradict what is stored',
        )
        await assertRefused(t.store, key, A, value, t.later)
      })
    },
  },
}

function itemAt<T>(list: readonly T[], index: number): T {
  const item = list[index]
  ok(item !== undefined)
  return item
}
