import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore, ManualClock, testStore } from '../../src/testing.js'
import { OlderRows, Rows } from './rows.js'

const LATER = Date.now() + 60_000

function fresh() {
  const inner = new MemoryStore()
  inner.create('k', 'a', LATER)
  return { inner, store: new FaultyStore(inner) }
}

const settled = (work: unknown) =>
  Promise.race([Promise.resolve(work).then(() => true), new Promise((r) => setImmediate(r, false))])

describe('FaultyStore', () => {
  test('unplanned, answers as the store does, at once where that one does', () => {
    const { store } = fresh()
    expect(store.load('k')).toBe('a')
    expect(store.replace('k', 'a', 'b', LATER)).toEqual({ ok: true })
    expect(store.touch('k', LATER)).toBe(true)
    expect(store.create('k', 'c', LATER)).toBe(false)
    expect(store.destroy('k')).toBe(true)
    expect(store.calls).toEqual([
      { method: 'load', key: 'k', args: [undefined] },
      { method: 'replace', key: 'k', args: ['a', 'b', LATER] },
      { method: 'touch', key: 'k', args: [LATER] },
      { method: 'create', key: 'k', args: ['c', LATER] },
      { method: 'destroy', key: 'k', args: [] },
    ])
  })

  test('fails before the effect, once', async () => {
    const { inner, store } = fresh()
    const fault = store.fail('replace')
    await expect(store.replace('k', 'a', 'b', LATER)).rejects.toThrow('planned failure')
    expect([inner.load('k'), fault.hits]).toEqual(['a', 1])
    expect(store.replace('k', 'a', 'b', LATER)).toEqual({ ok: true })
  })

  test('fails after the effect, with an error of choice', async () => {
    const { inner, store } = fresh()
    const error = new Error('The answer was lost')
    store.fail('replace', { at: 'after', error })
    await expect(store.replace('k', 'a', 'b', LATER)).rejects.toBe(error)
    expect(inner.load('k')).toBe('b')
  })

  test('fails the nth matching call and as many after it as asked, until it is cancelled', async () => {
    const { store } = fresh()
    const fault = store.fail('any', { nth: 2, times: 2, where: ({ key }) => key === 'k' })
    const outcomes: string[] = []
    for (const key of ['k', 'x', 'k', 'x', 'k', 'k'])
      await Promise.resolve(store.load(key)).then(
        () => outcomes.push('ok'),
        () => outcomes.push('failed'),
      )
    expect(outcomes).toEqual(['ok', 'ok', 'failed', 'ok', 'failed', 'ok'])
    expect(fault.hits).toBe(2)
    const always = store.fail('load', { times: Number.POSITIVE_INFINITY })
    for (let call = 0; call < 3; call++) await expect(store.load('k')).rejects.toThrow()
    always.cancel()
    expect(store.load('k')).toBe('a')
  })

  test('holds a call before its effect: others overtake it', async () => {
    const { store } = fresh()
    const write = store.hold('replace')
    const slow = store.replace('k', 'a', 'b', LATER)
    expect(await write.arrived).toMatchObject({ method: 'replace', key: 'k' })
    expect(store.destroy('k')).toBe(true)
    write.release()
    expect(await slow).toEqual({ ok: false, current: undefined })
  })

  test('holds a call after its effect: only the answer is late', async () => {
    const { store } = fresh()
    const read = store.hold('load', { at: 'after' })
    const slow = store.load('k')
    await read.arrived
    store.destroy('k')
    expect(await settled(slow)).toBe(false)
    read.release()
    expect(await slow).toBe('a')
  })

  test('a hold can end in a failure, or be let go before anybody came', async () => {
    const { store } = fresh()
    const first = store.hold('load')
    const failed = Promise.resolve(store.load('k'))
    first.fail(new Error('no'))
    await expect(failed).rejects.toThrow('no')
    store.hold('load').release()
    expect(await store.load('k')).toBe('a')
    store.hold('load').fail()
    await expect(store.load('k')).rejects.toThrow('planned failure')
  })

  test('several plans for one call are carried out in their order', async () => {
    const { store } = fresh()
    const gate = store.hold('load')
    const fault = store.fail('load')
    const slow = Promise.resolve(store.load('k'))
    await gate.arrived
    expect(fault.hits).toBe(0)
    gate.release()
    await expect(slow).rejects.toThrow()
    expect(fault.hits).toBe(1)
  })

  test('down: all calls fail, held ones too, and disconnect is emitted', async () => {
    const { store } = fresh()
    const heard: string[] = []
    const note = () => heard.push('disconnect')
    store.on('disconnect', note).on('connect', () => heard.push('connect'))
    const gate = store.hold('load')
    const held = Promise.resolve(store.load('k'))
    store.down()
    store.down()
    gate.release()
    await expect(held).rejects.toThrow('down')
    await expect(store.touch('k', LATER)).rejects.toThrow('down')
    store.on('disconnect', () => heard.push('late'))
    store.up()
    store.up()
    store.off('disconnect', note).down(new Error('again'))
    await expect(store.load('k')).rejects.toThrow('again')
    expect(heard).toEqual(['disconnect', 'late', 'connect', 'late'])
  })

  test('the events of the store itself pass', () => {
    const emitter = new EventEmitter()
    const inner = Object.assign(new OlderRows(Date.now), {
      on: emitter.on.bind(emitter),
      off: emitter.off.bind(emitter),
    })
    const store = new FaultyStore(inner)
    let heard = 0
    const listener = () => {
      heard++
    }
    store.on('connect', listener)
    emitter.emit('connect')
    store.off('connect', listener)
    emitter.emit('connect')
    expect(heard).toBe(1)
  })

  test('reset: nothing is planned, held, known or down', async () => {
    const { store } = fresh()
    const fault = store.fail('load', { nth: 2 })
    store.hold('load')
    const held = store.load('k')
    store.down()
    store.reset()
    expect(await held).toBe('a')
    expect([store.load('k'), fault.hits, store.calls.length]).toEqual(['a', 0, 1])
  })
})

test('ManualClock stands still until it is moved', () => {
  const { now } = new ManualClock(1000)
  const clock = new ManualClock()
  const start = clock.now()
  expect([now(), clock.advance(5), clock.advance(-10), clock.now()]).toEqual([
    1000,
    start + 5,
    start - 5,
    start - 5,
  ])
})

const clock = new ManualClock()
const runner = { describe, it: test, clock }
const [strong, older] = [new Rows(clock.now), new OlderRows(clock.now)]
testStore(() => new FaultyStore(strong), { ...runner, name: 'FaultyStore, strong' })
testStore(() => new FaultyStore(older, clock), {
  ...runner,
  strong: false,
  name: 'FaultyStore, older',
})
