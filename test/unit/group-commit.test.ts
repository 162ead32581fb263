import { describe, expect, test } from 'vitest'
import { CookiePolicy } from '../../src/cookie/policy.js'
import type { RecordDraft } from '../../src/record/draft.js'
import { RecordFormat } from '../../src/record/format.js'
import { GroupCommit } from '../../src/record/group-commit.js'
import {
  type Change,
  type Draft,
  LoadedRecord,
  type ReplaceResult,
} from '../../src/record/records.js'
import { tooManyConflicts } from '../../src/util/errors.js'
import { Gate } from '../support/gate.js'

const FORMAT = new RecordFormat(new CookiePolicy('koa.sid'))
const END = { expiresAt: 1, end: {} }

/** A store of one record, whose writes wait at gates. */
class Shelf {
  readonly writes: string[] = []
  readonly pauses: number[] = []
  attempts = 0
  looks = 0
  /** Another process wins so many rounds. */
  lost = 0
  /** What other processes do while a group waits. */
  meanwhile = () => {}
  value: string
  gates: Gate[] = []
  maxLength = Number.POSITIVE_INFINITY
  failure: Error | undefined
  readonly commits = new GroupCommit(
    {
      write: (draft) => this.#write(draft),
      assertFits: ({ value }) => {
        if (value.length > this.maxLength) throw new Error('too large')
      },
      look: async () => {
        this.looks++
        if (this.failure) throw this.failure
        return this.value === '' ? { kind: 'gone' } : { kind: 'conflict', theirs: this.record }
      },
    },
    async (ms) => {
      this.pauses.push(ms)
      this.meanwhile()
    },
  )

  constructor(data: object = {}) {
    this.value = spell(data)
  }

  get record(): LoadedRecord {
    return new LoadedRecord(FORMAT, 'id', 'key', this.value, this.value)
  }

  get data(): unknown {
    const { cookie: _, ...data } = JSON.parse(this.value)
    return data
  }

  /** The next write waits here. */
  gate(): Gate {
    const gate = new Gate()
    this.gates.push(gate)
    return gate
  }

  async #write(draft: RecordDraft): Promise<ReplaceResult> {
    this.attempts++
    await this.gates.shift()?.pass()
    const { failure } = this
    this.failure = undefined
    if (failure) throw failure
    if (this.value === '') return { kind: 'gone' }
    if (this.attempts <= this.lost) this.value = spell({ theirs: this.attempts })
    if (draft.record.value !== this.value) return { kind: 'conflict', theirs: this.record }
    this.value = draft.value
    this.writes.push(this.value)
    return { kind: 'written', record: this.record }
  }

  set(key: string, value: unknown): Promise<string> {
    return this.change((draft) => {
      draft.edit([{ key, text: JSON.stringify(value) }], END)
      return true
    })
  }

  count(): Promise<string> {
    return this.change((draft) => {
      const n = Number(draft.fields.get('n') ?? 0)
      draft.edit([{ key: 'n', text: `${n + 1}` }], END)
      return true
    })
  }

  async change(apply: (draft: Draft) => boolean | Promise<boolean>): Promise<string> {
    const change: Change = { base: this.record, apply }
    try {
      return (await this.commits.commit(change)).kind
    } catch (error) {
      return error instanceof Error ? error.message : 'failed'
    }
  }
}

function spell(data: object): string {
  return JSON.stringify({ ...data, cookie: JSON.parse(FORMAT.defaultCookie) })
}

describe('the writes of one record', () => {
  test('that come while one is under way leave together in the next one', async () => {
    const shelf = new Shelf()
    const gate = shelf.gate()
    const first = shelf.set('a', 1)
    await gate.arrived
    const others = [shelf.set('b', 2), shelf.set('c', 3), shelf.count(), shelf.count()]
    gate.open()
    expect(await Promise.all([first, ...others])).toEqual(Array(5).fill('written'))
    expect(shelf.writes).toHaveLength(2)
    expect(shelf.data).toEqual({ a: 1, b: 2, c: 3, n: 2 })
  })

  test('that are alone are written at once', async () => {
    const shelf = new Shelf()
    expect([await shelf.set('a', 1), await shelf.set('b', 2)]).toEqual(['written', 'written'])
    expect(shelf.writes).toHaveLength(2)
  })

  test('are made again over what another process wrote', async () => {
    const shelf = new Shelf()
    const gate = shelf.gate()
    const writes = [shelf.count()]
    await gate.arrived
    const second = shelf.gate()
    writes.push(shelf.count(), shelf.set('a', 1))
    shelf.value = spell({ n: 10 })
    gate.open()
    await second.arrived
    shelf.value = spell({ n: 20 })
    second.open()
    expect(await Promise.all(writes)).toEqual(['written', 'written', 'written'])
    expect(shelf.data).toEqual({ a: 1, n: 22 })
  })

  test('fail alone where one throws, or is too large', async () => {
    const shelf = new Shelf()
    shelf.maxLength = 200
    const gate = shelf.gate()
    const first = shelf.set('a', 1)
    await gate.arrived
    const refused = shelf.change(() => {
      throw new Error('refused')
    })
    const others = [shelf.set('big', 'x'.repeat(500)), refused, shelf.set('b', 2)]
    gate.open()
    expect(await Promise.all([first, ...others])).toEqual([
      'written',
      'too large',
      'refused',
      'written',
    ])
    expect(shelf.data).toEqual({ a: 1, b: 2 })
  })

  test('fail together where the store fails, and no later one does', async () => {
    const shelf = new Shelf()
    const [gate, second] = [shelf.gate(), shelf.gate()]
    const first = shelf.set('a', 1)
    await gate.arrived
    const group = [shelf.set('b', 2), shelf.set('c', 3)]
    gate.open()
    await second.arrived
    const later = shelf.set('d', 4)
    shelf.failure = new Error('the store failed')
    second.open()
    expect(await Promise.all([first, ...group, later])).toEqual([
      'written',
      'the store failed',
      'the store failed',
      'written',
    ])
    expect(shelf.data).toEqual({ a: 1, d: 4 })
  })

  test('are gone where the session ended between two groups', async () => {
    const shelf = new Shelf()
    const [gate, second] = [shelf.gate(), shelf.gate()]
    const first = shelf.set('a', 1)
    await gate.arrived
    const late = shelf.set('b', 2)
    gate.open()
    await second.arrived
    shelf.value = ''
    second.open()
    expect(await Promise.all([first, late])).toEqual(['written', 'gone'])
  })

  test('wait for an asynchronous change before them', async () => {
    const shelf = new Shelf()
    const [gate, slow] = [shelf.gate(), new Gate()]
    const first = shelf.set('a', 1)
    await gate.arrived
    const asynchronous = shelf.change(async (draft) => {
      await slow.pass()
      draft.edit([{ key: 'b', text: '2' }], END)
      return true
    })
    const last = shelf.set('c', 3)
    gate.open()
    await slow.arrived
    slow.open()
    expect(await Promise.all([first, asynchronous, last])).toEqual(Array(3).fill('written'))
    expect(shelf.data).toEqual({ a: 1, b: 2, c: 3 })
  })

  test('are not tried again where the session ended, and once where another process wrote', async () => {
    const gone = new Shelf()
    const late = gone.set('a', 1)
    gone.value = ''
    expect([await late, gone.attempts]).toEqual(['gone', 1])

    const shelf = new Shelf()
    const gate = shelf.gate()
    const first = shelf.set('a', 1)
    await gate.arrived
    shelf.value = spell({ theirs: 1 })
    const second = shelf.set('b', 2)
    gate.open()
    expect([await first, await second, shelf.attempts]).toEqual(['written', 'written', 2])
    expect(shelf.data).toEqual({ theirs: 1, a: 1, b: 2 })
  })

  test('are refused when they lose 256 rounds, with short waits between', async () => {
    const shelf = new Shelf()
    shelf.lost = Number.POSITIVE_INFINITY
    const refused = tooManyConflicts().message
    expect([await shelf.set('a', 1), await shelf.set('b', 2)]).toEqual([refused, refused])
    expect(shelf.attempts).toBe(2 * 257)
    expect(shelf.pauses).toHaveLength(2 * 255)
    expect(Math.max(...shelf.pauses)).toBeLessThan(4)
    expect(shelf.pauses[0]).toBeLessThan(1)
    expect(Math.max(...shelf.pauses.slice(100))).toBeGreaterThan(2)
  })

  test('are written over what is stored after a wait, and not over what they lost to', async () => {
    const shelf = new Shelf()
    shelf.lost = 3
    shelf.meanwhile = () => {
      shelf.value = spell({ theirs: 'later' })
    }
    expect(await shelf.set('a', 1)).toBe('written')
    // The first attempt is alone, and two rounds of a group are lost.
    expect([shelf.attempts, shelf.pauses.length, shelf.looks]).toEqual([4, 1, 1])
    expect(shelf.data).toEqual({ theirs: 'later', a: 1 })
  })

  test('are gone, or fail, where the session ended or the store failed during a wait', async () => {
    for (const [happens, result] of [
      [(shelf: Shelf) => (shelf.value = ''), 'gone'],
      [(shelf: Shelf) => (shelf.failure = new Error('away')), 'away'],
    ] as const) {
      const shelf = new Shelf()
      shelf.lost = 3
      shelf.meanwhile = () => void happens(shelf)
      expect([await shelf.set('a', 1), shelf.attempts]).toEqual([result, 3])
    }
  })

  test('are gone where what is stored is no session, alone or among others, however large', async () => {
    const shelf = new Shelf()
    shelf.maxLength = 0
    expect([await shelf.change(() => false), shelf.attempts]).toEqual(['gone', 0])
    shelf.maxLength = 200
    expect([await shelf.set('big', 'x'.repeat(500)), shelf.attempts]).toEqual(['too large', 0])
    const gate = shelf.gate()
    const first = shelf.set('a', 1)
    await gate.arrived
    const others = [shelf.change(() => false), shelf.set('b', 2)]
    gate.open()
    expect(await Promise.all([first, ...others])).toEqual(['written', 'gone', 'written'])
  })

  test('return at once where the store does', () => {
    const record = new Shelf().record
    const commits = new GroupCommit({
      write: () => ({ kind: 'written', record }),
      assertFits: () => undefined,
      look: () => ({ kind: 'gone' }),
    })
    const write = () => commits.commit({ base: record, apply: () => true })
    expect([write(), write()]).toEqual(Array(2).fill({ kind: 'written', record }))
  })

  test('that lose in one turn, on a store that answers at once, leave together after it', async () => {
    const read = new Shelf().record
    let stored = new LoadedRecord(FORMAT, 'id', 'key', 'theirs', spell({ theirs: 1 }))
    let attempts = 0
    const commits = new GroupCommit({
      write: (draft) => {
        attempts++
        if (draft.record !== stored) return { kind: 'conflict', theirs: stored }
        stored = new LoadedRecord(FORMAT, 'id', 'key', draft.value, draft.value, true)
        return { kind: 'written', record: stored }
      },
      assertFits: () => undefined,
      look: () => ({ kind: 'gone' }),
    })
    const results = ['a', 'b', 'c'].map((key) =>
      commits.commit({
        base: read,
        apply: (draft) => {
          draft.edit([{ key, text: '1' }], END)
          return true
        },
      }),
    )
    const written = await Promise.all(results)
    expect(written.map(({ kind }) => kind)).toEqual(['written', 'written', 'written'])
    expect(attempts).toBe(2)
    expect(JSON.parse(stored.value)).toMatchObject({ theirs: 1, a: 1, b: 1, c: 1 })
  })
})
