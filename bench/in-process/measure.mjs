/**
 * Rounds of requests, every lane once a round, in another order each time: whatever else the
 * machine does hits all of them alike. Returns each lane's µs per request, round by round.
 */
export async function measure(lanes, { rounds, requests, warmUp }) {
  for (const lane of lanes) await timed(lane, warmUp)
  const times = new Map(lanes.map((lane) => [lane, []]))
  for (let round = 0; round < rounds; round++) {
    for (const lane of shuffled(lanes)) {
      // Nobody pays for the garbage of the lane before.
      collectYoung()
      times.get(lane).push(await timed(lane, requests))
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

async function timed(lane, requests) {
  const begun = performance.now()
  await drive(lane, requests)
  return ((performance.now() - begun) * 1000) / requests
}

/** One request after another, each in a turn of the event loop of its own, as they come in a server. */
function drive(lane, requests) {
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

function shuffled(list) {
  const rest = [...list]
  for (let at = rest.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[rest[at], rest[other]] = [rest[other], rest[at]]
  }
  return rest
}
