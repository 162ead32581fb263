import { shuffled } from '../shared/statistics.mjs'

/** In µs. The CPU's leaves out what this process waits for, as when others use the processor. */
export const CLOCKS = {
  wall: () => performance.now() * 1000,
  // Linux knows the sum exactly, and only guesses at how it divides: that is seen in a few ms.
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
}

/**
 * Rounds of requests, every lane once a round, in another order each time: whatever else the
 * machine does hits all of them alike. Returns each lane's µs per request, round by round.
 */
export async function measure(lanes, { rounds, requests, warmUp, clock = CLOCKS.wall }) {
  for (const lane of lanes) await timed(lane, warmUp, clock)
  const times = new Map(lanes.map((lane) => [lane, []]))
  for (let round = 0; round < rounds; round++) {
    for (const lane of shuffled(lanes)) {
      // Nobody pays for the garbage of the lane before.
      collectYoung()
      times.get(lane).push(await timed(lane, requests, clock))
    }
  }
  return times
}

/**
 * Bytes of V8 heap that a request allocates: what the heap grew by over a few requests, too few to
 * start a collection. The median of many, as one that was collected in says nothing.
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

/** One request after another, each in a turn of the event loop of its own, as they come in a server. */
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
