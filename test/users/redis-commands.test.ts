import { expect, inject, test } from 'vitest'
import { ioredis } from '../support/backends.js'
import { Monitor } from '../support/monitor.js'
import { useSites } from './fixture.js'
import { burst, strong } from './schedules.js'

const start = useSites()

test('R5: 64 logins of one user at once take at most 70 compare-and-sets, as the server counts them', async () => {
  const { store, prefix, close } = await ioredis.open()
  const monitor = await Monitor.start(inject('redisUrl'))
  const counted = await burst({ store: strong(store), prefix, start })
  // Other tests may use the same server.
  const commands = (await monitor.taken()).filter((args) =>
    args.some((arg) => arg.startsWith(prefix)),
  )
  monitor.stop()
  const scripts = commands.filter(([name = '']) => /^eval/i.test(name))
  expect(scripts.length).toBeGreaterThan(0)
  expect(scripts.length).toBeLessThanOrEqual(70)
  expect(counted).toBeLessThanOrEqual(70)
  await close()
})
