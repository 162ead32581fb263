import session, { SessionError } from '../../../src/index.js'
import { type App, open } from './app.js'
import { demand, demandClean, describeErrors } from './demand.js'

/** The names of all options, as the error of an unknown one lists them. */
export function optionNames(): string[] {
  try {
    session(JSON.parse('{"no option":1}'))
  } catch (error) {
    return String(error)
      .replace(/.*known are /, '')
      .split(', ')
  }
  throw new Error('An unknown option was accepted')
}

/** What holds for any options: a SessionError refuses them, or a request works. True: they were accepted. */
export async function checkOptions(options: unknown): Promise<boolean> {
  const app = accepted(options)
  demandClean()
  if (!app) return false
  const { errors } = await app.send('/', '')
  app.close()
  const others = errors.filter((error) => !(error instanceof SessionError))
  demand(others.length === 0, `accepted, and then failed: ${describeErrors(others)}`)
  demandClean()
  return true
}

function accepted(options: unknown): App | undefined {
  try {
    return open(options, async (ctx) => {
      const current = await ctx.session
      if (current) current.touched = 1
    })
  } catch (error) {
    demand(error instanceof SessionError, `refused by ${describeErrors([error])}`)
    return undefined
  }
}
