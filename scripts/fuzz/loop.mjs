import { mutate } from './mutate.mjs'

// Reading V8's counts takes as long as several executions. So a batch is examined input by input only
// when it reached a new block, and once in CLOSER rounds.
const BATCH = 64
const CLOSER = 12
const MOST_FAILURES = 20
const MOST_TRIES = 3000

/** Runs a target for its time. Inputs that reach something new are kept and mutated further. */
export async function fuzz(target, { seconds, random, coverage }) {
  const corpus = [...target.seeds]
  const failures = new Map()
  const tools = { random, corpus, tokens: target.tokens }
  const begun = performance.now()
  const isOver = () => performance.now() - begun > seconds * 1000 || failures.size >= MOST_FAILURES
  let executions = 0
  let batch = target.seeds
  for (let round = 0; batch.length > 0; round++) {
    executions += batch.length
    for (const input of batch) await run(target, input, failures)
    if (coverage.isNew() || round % CLOSER === 0) {
      for (const input of batch) {
        const error = await attempt(target, input)
        if (coverage.isUnlike() && !error && !corpus.includes(input)) corpus.push(input)
      }
    }
    batch = isOver() ? [] : Array.from({ length: BATCH }, () => mutate(random.pick(corpus), tools))
  }
  const elapsed = (performance.now() - begun) / 1000
  return { executions, elapsed, corpus, failures: [...failures.values()] }
}

async function run(target, input, failures) {
  const error = await attempt(target, input)
  if (!error || failures.has(nameOf(error))) return
  failures.set(nameOf(error), { input: await shrink(target, input, nameOf(error)), error })
}

async function attempt(target, input) {
  try {
    await target.run(input)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Failures with the same message, except for numbers, count as one. */
function nameOf({ message }) {
  return message.replace(/\d+/g, '0').slice(0, 200)
}

/** Removes pieces of an input while it fails with the same message. */
async function shrink(target, input, name) {
  let smallest = input
  let tries = 0
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < smallest.length && tries < MOST_TRIES; tries++) {
      const candidate = smallest.slice(0, at) + smallest.slice(at + size)
      const error = await attempt(target, candidate)
      if (error && nameOf(error) === name) smallest = candidate
      else at += size
    }
  }
  return smallest
}
