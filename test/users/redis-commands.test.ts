import { afterEach, expect, inject, test } from 'vitest'
import { ioredis } from '../support/backends.js'
import { Monitor } from '../support/monitor.js'
import type { Site, SiteOptions } from '../support/site.js'
import { serveUsers } from './fixture.js'
import { burst, strong } from './schedules.js'

const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

async function start(options: SiteOptions): Promise<Site> {
  const site = await serveUsers(options)
  sites.push(site)
  return site
}

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
