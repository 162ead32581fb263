import type { UserWorld } from './world.js'

export const MAX = 3
const LOGINS = 8

export interface Schedule {
  name: string
  /** How many sessions the user may have; undefined: no limit. */
  max: number | undefined
  /** Returns whether what must not happen did. */
  play(world: UserWorld): Promise<boolean>
}

export const SCHEDULES: Schedule[] = [
  {
    name: `${LOGINS} logins at once: one can be used, and is not listed`,
    max: undefined,
    async play(world) {
      const ids = await burst(world)
      return ids.some((id) => world.isLive(id) && !world.isListed(id))
    },
  },
  {
    name: `${LOGINS} logins at once, of which ${MAX} may live: more live`,
    max: MAX,
    async play(world) {
      const ids = await burst(world)
      return ids.filter((id) => world.isLive(id)).length > MAX
    },
  },
  {
    name: 'a login is on its way while all sessions are ended: it lives afterwards',
    max: undefined,
    async play(world) {
      await settled(world, world.login())
      const begun = await settled(world, world.begin())
      const [id] = await settled(world, Promise.all([world.login(begun), world.endAll()]))
      return id !== undefined && world.isLive(id)
    },
  },
  {
    name: 'a session is refreshed while all are ended: it lives afterwards',
    max: undefined,
    async play(world) {
      const id = await settled(world, world.login())
      if (id === undefined) throw new Error('The login was refused')
      await settled(world, Promise.all([world.refresh(id), world.endAll()]))
      return world.isLive(id)
    },
  },
]

async function burst(world: UserWorld): Promise<string[]> {
  const logins = Array.from({ length: LOGINS }, () => world.login())
  const ids = await settled(world, Promise.all(logins))
  return ids.filter((id) => id !== undefined)
}

/** Runs the world until the work is done. */
async function settled<T>(world: UserWorld, work: Promise<T>): Promise<T> {
  await world.run()
  return work
}
