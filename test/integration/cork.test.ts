import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { describe, expect, inject, test, vi } from 'vitest'
import { RedisStore } from '../../src/stores/redis/store.js'

interface Corked {
  stream: { cork(): void; uncork(): void; writableCorked: number }
}

describe.each([
  ['ioredis', () => new Redis(inject('redisUrl'), { lazyConnect: true })],
  ['iovalkey', () => new Valkey(inject('redisUrl'), { lazyConnect: true })],
])('the commands of one turn leave in one write: %s', (_, make) => {
  test('its socket still stands at client.stream, is held for a turn, and let go', async () => {
    const client = make()
    await client.connect()
    const store = new RedisStore({ client })
    const { stream } = client as unknown as Corked
    const [cork, uncork] = [vi.spyOn(stream, 'cork'), vi.spyOn(stream, 'uncork')]
    const loads = [store.load('cork:a'), store.load('cork:b'), store.destroy('cork:c')]
    expect([cork.mock.calls.length, stream.writableCorked]).toEqual([1, 1])
    expect(await Promise.all(loads)).toEqual([undefined, undefined, false])
    expect([uncork.mock.calls.length, stream.writableCorked]).toEqual([1, 0])
    await store.load('cork:a')
    expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([2, 2])
    store.close()
    await client.quit()
  })

  test('a new connection has a new socket, and it is held as well', async () => {
    const client = make()
    await client.connect()
    const store = new RedisStore({ client })
    await store.load('cork:a')
    const before = (client as unknown as Corked).stream
    client.disconnect(true)
    await store.load('cork:a')
    const { stream } = client as unknown as Corked
    expect(stream).not.toBe(before)
    const cork = vi.spyOn(stream, 'cork')
    await store.load('cork:a')
    expect(cork).toHaveBeenCalledOnce()
    store.close()
    await client.quit()
  })
})

test.each([
  undefined,
  null,
  5,
  {},
  { cork() {} },
])('a socket that is %j is left alone', async (stream) => {
  const client = {
    stream,
    status: 'ready',
    call: async () => 'value',
    on() {},
    off() {},
  }
  expect(await new RedisStore({ client }).load('key')).toBe('value')
})
