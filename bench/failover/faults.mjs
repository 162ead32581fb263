import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/services/redis-cluster.ts'

const HANG_MS = 2000
const CUT_OFF_MS = 100

/**
 * What happens to a primary. `before` prepares it, `begin` is the moment that counts, `end` runs once
 * `isReplaced` holds.
 */
export const FAULTS = {
  killed: {
    begin: ({ victim }) => victim.stop(),
  },
  [`killed, its replicas cut off for ${CUT_OFF_MS} ms before`]: {
    async before({ victim, followers }) {
      for (const follower of followers) follower.pause()
      // Without this, data in their socket buffers would still reach the replicas.
      await ask(victim, (one) => one.call('CLIENT', 'KILL', 'TYPE', 'REPLICA'))
      await sleep(CUT_OFF_MS)
    },
    async begin({ victim, followers }) {
      await victim.stop()
      for (const follower of followers) follower.resume()
    },
  },
  [`hangs for ${HANG_MS / 1000} s`]: {
    begin: ({ victim }) => victim.pause(),
    async end({ victim, hungSince, until }) {
      await sleep(Math.max(0, hungSince + HANG_MS - performance.now()))
      victim.resume()
      // Until it is demoted it may take writes, which are then lost.
      await until(() =>
        ask(victim, async (one) => (await one.info('replication')).includes('role:slave')),
      )
    },
  },
}

const [KILLED, CUT_OFF, HANGS] = Object.keys(FAULTS)
/** `waits`: the replicas that each write waits for. */
const cell = (fault, waits) => ({ fault, waits })

export const EVERY = [undefined, 1].flatMap((waits) =>
  [KILLED, CUT_OFF, HANGS].map((fault) => cell(fault, waits)),
)
export const WITH_ALL = [...EVERY, cell(KILLED, 'all'), cell(HANGS, 'all')]
export const HANGING = [undefined, 1, 'all'].map((waits) => cell(HANGS, waits))
export const NO_WAIT = [cell(KILLED), cell(HANGS)]
