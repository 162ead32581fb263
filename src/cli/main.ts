import { readFileSync } from 'node:fs'
import { codemod } from './codemod.js'
import { migrate } from './migrate.js'
import { reasonOf } from './reason.js'
import { sessions } from './sessions.js'
import { stats } from './stats.js'
import { parse, type Task, UsageError } from './usage.js'

/** Runs the command. @returns its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(parse(args))
  } catch (error) {
    console.error(`koa-sess: ${reasonOf(error)}`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(task: Task): Promise<number> {
  switch (task.command) {
    case 'migrate':
      return migrate(task)
    case 'sessions':
      return sessions(task)
    case 'stats':
      return stats(task)
    case 'codemod':
      return codemod(task)
    default:
      console.log(task.command === 'help' ? task.text : version())
      return 0
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
