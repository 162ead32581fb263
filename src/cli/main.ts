import { readFileSync } from 'node:fs'
import { codemod } from './codemod.js'
import { migrate } from './migrate.js'
import { reasonOf } from './reason.js'
import { HELP, parse, UsageError } from './usage.js'

/** Runs the command. @returns its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    const task = parse(args)
    if (typeof task === 'object')
      return task.command === 'migrate' ? await migrate(task) : codemod(task)
    console.log(task === 'help' ? HELP : version())
    return 0
  } catch (error) {
    console.error(`koa-sess: ${reasonOf(error)}`)
    return error instanceof UsageError ? 2 : 1
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
