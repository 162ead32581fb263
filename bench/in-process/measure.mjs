import { shuffled } from '../shared/statistics.mjs'

/** Clocks in µs. The CPU clock leaves out the time in which other processes use the processor. */
export const CLOCKS = {
  wall: () => performance.now() * 1000,
  // Linux measures the sum exactly, and estimates how it divides into user and system.
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
}

/**
 * Runs every lane once a round, in random order, so that other work on the machine affects all
 * lanes alike. @returns each lane's µs per request, round by round.
 */
export async function measure(lanes, { rounds, requests, warmUp, clock = CLOCKS.wall }) {
  for (const lane of lanes) await timed(lane, warmUp, clock)
  const times = new Map(lanes.map((lane) => [lane, []]))
  for (let round = 0; round < rounds; round++) {
    for (const lane of shuffled(lanes)) {
      // Otherwise a lane would pay for the garbage of the one before it.
      collectYoung()
      times.get(lane).push(await timed(lane, requests, clock))
    }
  }
  return times
}

/**
 * Samples the bytes of V8 heap that a request allocates: the growth over a few requests, too few to
 * start a collection. Use the median, as a sample with a collection in it is wrong.
 */
export async function measureBytes(lane, { samples = 201, requests = 10 } = {}) {
  const grown = []
  for (let sample = 0; sample < samples; sample++) {
    collectYoung()
    const before = process.memoryUsage().heapUsed
    await drive(lane, requests)
    grown.push((process.memoryUsage().heapUsed - before) / requests)
  }
  return grown
}

async function timed(lane, requests, clock) {
  const begun = clock()
  await drive(lane, requests)
  return (clock() - begun) / requests
}

/** Sends requests one after another, each in its own turn of the event loop, as a server gets them. */
export function drive(lane, requests) {
  lane.enter()
  return new Promise((resolve, reject) => {
    let sent = 0
    const next = () => {
      if (sent++ === requests) resolve()
      else lane.send().then(turn, reject)
    }
    const turn = () => setImmediate(next)
    turn()
  })
}

function collectYoung() {
  if (!globalThis.gc) throw new Error('Run this with node --expose-gc')
  globalThis.gc({ type: 'minor' })
}
