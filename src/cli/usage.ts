import { parseArgs } from 'node:util'

export const HELP = `koa-sess migrate --from STORE --to STORE [--write]

Copies live sessions from one store to another. Without --write it only counts them (a dry run). It
never overwrites a session, and removes nothing from the store that it copies from.

  --from STORE    the store to copy from
  --to STORE      the store to copy to
  --write         copy; without it nothing is written
  --prefix TEXT   prefix of the keys to copy (default koa:sess:)
  --batch N       sessions to copy before the state is saved (default 200)
  --state FILE    saves the progress, so that the next run continues from there
  --help, --version

A STORE is
  redis://…  rediss://…       with ioredis, iovalkey or redis
  postgres://…  mysql://…     with pg or postgres, with mysql2
  sqlite:FILE                 with better-sqlite3, libsql or the SQLite of Node
  a path to a module whose default export is a store, or { store, close }
Drivers and modules are loaded from the current directory.

Exit codes: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.`

/** The command cannot run as it was called. The message is one line and says what to change. */
export class UsageError extends Error {}

export interface Task {
  from: string
  to: string
  write: boolean
  prefix: string
  batch: number
  state: string | undefined
}

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  write: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  prefix: { type: 'string' },
  batch: { type: 'string' },
  state: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** @throws {UsageError} for an unknown command or option, or a missing one. */
export function parse(args: string[]): 'help' | 'version' | Task {
  const { values, positionals } = parseOptions(args)
  if (values.version) return 'version'
  if (values.help || args.length === 0) return 'help'
  const [command, ...rest] = positionals
  if (command !== 'migrate' || rest.length > 0)
    throw new UsageError('the only command is migrate: koa-sess migrate --from STORE --to STORE')
  const { from, to, write = false, prefix = 'koa:sess:', batch = '200', state } = values
  if (!from || !to) throw new UsageError('migrate needs --from STORE and --to STORE')
  if (write && values['dry-run']) throw new UsageError('--write and --dry-run exclude each other')
  if (!/^[1-9]\d{0,4}$/.test(batch)) throw new UsageError('--batch is a number from 1 to 99999')
  return { from, to, write, prefix, batch: Number(batch), state }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : '').split('. ')
    throw new UsageError(`${reason}: see koa-sess --help`)
  }
}
