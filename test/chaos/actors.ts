import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Client } from './client.js'
import { type Action, isLogin } from './protocol.js'
import type { Random } from './random.js'

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
/** How likely a user whose session is gone clears the cookie after a request. */
const CLEARS = 0.3
/** A session with more keys is soon replaced by a login or ended by a logout. */
const MOST_KEYS = 60
const LANES = 3
const THIEF_STEPS = 8

export interface ActorContext {
  client: Client
  isEarly: boolean
  /** False once the time is over, or enough requests were sent. */
  goesOn(): boolean
}

/** A browser with several tabs, which share its cookie and do not wait for each other. */
export async function runUser(
  context: ActorContext,
  browser: Browser,
  random: Random,
): Promise<void> {
  let beginning: Promise<void> | undefined
  const lane = async () => {
    while (context.goesOn()) {
      await pause(random, 0, 15)
      if (browser.header) await act(context, browser, random)
      else {
        // Several tabs usually wait for the first answer.
        if (!beginning || random.chance(0.2)) beginning = begin(context, browser, random)
        await beginning
        beginning = undefined
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Copies the cookie of some browser, uses it for a while, and copies another one. */
export async function runThief(
  context: ActorContext,
  thief: Browser,
  victims: readonly Browser[],
  random: Random,
): Promise<void> {
  while (context.goesOn()) {
    await pause(random, 50, 800)
    thief.copy(random.pick(victims))
    for (let step = 0; step < THIEF_STEPS && thief.header && context.goesOn(); step++)
      await act(context, thief, random)
  }
}

/** Ends sessions of the browsers with `sessionStore.destroy`. */
export async function runAdmin(
  { client, goesOn }: ActorContext,
  browsers: readonly Browser[],
  random: Random,
): Promise<void> {
  while (goesOn()) {
    await pause(random, 50, 500)
    await client.kick(random.pick(browsers), random)
  }
}

async function begin({ client }: ActorContext, browser: Browser, random: Random): Promise<void> {
  const action = random.weighted<Action>({ write: 3, count: 3, login: 1 })
  await client.ask(browser, { action, before: 0, after: 0 }, random)
  // Without a server, the next try can wait.
  if (!browser.header) await pause(random, 10, 100)
}

async function act(
  { client, isEarly }: ActorContext,
  browser: Browser,
  random: Random,
): Promise<void> {
  const action = choose(browser, isEarly, random)
  const isLate = action.endsWith('-early') || action === 'save-twice'
  const after = isLate ? random.pick(LONG_WAITS) : action === 'count' ? 0 : random.pick(WAITS)
  const asked = browser.header
  const found = await client.ask(browser, { action, before: random.pick(WAITS), after }, random)
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
