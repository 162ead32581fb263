import { setTimeout as sleep } from 'node:timers/promises'
import { type Action, isLogin } from './protocol.js'
import type { Random } from './random.js'
import type { Browser, World } from './world.js'

type Weights = Partial<Record<Action, number>>

const USUAL: Weights = { read: 32, write: 22, count: 22, login: 7, logout: 2, throw: 2 }
const EARLY: Weights = {
  'save-early': 8,
  'save-twice': 5,
  'count-early': 8,
  'login-early': 3,
  'throw-early': 3,
}

/** How long a handler works before and after it changes the session, in ms. */
const WAITS = [0, 0, 0, 0, 0, 5, 10, 20, 50, 150, 400]
const LONG_WAITS = [5, 20, 50, 150, 400, 1000]
/** A user whose session is gone goes on with the old cookie, and at some time clears it. */
const CLEARS = 0.3
/** A session of more keys than that is left by a login or a logout. */
const MOST_KEYS = 60
const LANES = 3
const THIEF_STEPS = 8

export interface Cast {
  world: World
  isEarly: boolean
  /** Whether the play goes on. */
  goesOn(): boolean
}

/** A browser with several tabs: all of them use one cookie, and none waits for another. */
export async function playUser(cast: Cast, browser: Browser, random: Random): Promise<void> {
  let beginning: Promise<void> | undefined
  const lane = async () => {
    while (cast.goesOn()) {
      await pause(random, 0, 15)
      if (browser.header) await act(cast, browser, random)
      else {
        // Several tabs usually wait for the first answer.
        if (!beginning || random.chance(0.2)) beginning = begin(cast, browser, random)
        await beginning
        beginning = undefined
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Copies the cookie of a browser again and again, and uses it beside its owner. */
export async function playThief(
  cast: Cast,
  thief: Browser,
  victims: readonly Browser[],
  random: Random,
): Promise<void> {
  while (cast.goesOn()) {
    await pause(random, 50, 800)
    thief.copy(random.pick(victims))
    for (let step = 0; step < THIEF_STEPS && thief.header && cast.goesOn(); step++)
      await act(cast, thief, random)
  }
}

/** Ends sessions of others by their ids. */
export async function playAdmin(
  { world, goesOn }: Cast,
  browsers: readonly Browser[],
  random: Random,
): Promise<void> {
  while (goesOn()) {
    await pause(random, 50, 500)
    await world.kick(random.pick(browsers), random)
  }
}

async function begin({ world }: Cast, browser: Browser, random: Random): Promise<void> {
  const action = random.weighted<Action>({ write: 3, count: 3, login: 1 })
  await world.ask(browser, { action, before: 0, after: 0 }, random)
  // Where no server answers, the next try need not follow at once.
  if (!browser.header) await pause(random, 10, 100)
}

async function act({ world, isEarly }: Cast, browser: Browser, random: Random): Promise<void> {
  const action = choose(browser, isEarly, random)
  const isLate = action.endsWith('-early') || action === 'save-twice'
  const after = isLate ? random.pick(LONG_WAITS) : action === 'count' ? 0 : random.pick(WAITS)
  const asked = browser.header
  const found = await world.ask(browser, { action, before: random.pick(WAITS), after }, random)
  if (found === 'nothing' && browser.header === asked && random.chance(CLEARS)) browser.clear()
}

function choose({ session }: Browser, isEarly: boolean, random: Random): Action {
  const action = random.weighted<Action>(isEarly ? { ...USUAL, ...EARLY } : USUAL)
  const isFull = session && session.keys.size + session.counted.size > MOST_KEYS
  if (!isFull || isLogin(action)) return action
  return random.pick(['login', 'logout', 'read'])
}

async function pause(random: Random, from: number, to: number): Promise<void> {
  await sleep(random.between(from, to))
}
