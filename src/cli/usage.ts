import { parseArgs } from 'node:util'

export const HELP = `koa-sess migrate --from STORE --to STORE [--write]

Copies live sessions from one store to another. Without --write it only counts, and says what it
would do. It never overwrites a session, and takes nothing out of the store that it copies from.

  --from STORE    where the sessions are
  --to STORE      where they are to be
  --write         copy; without it nothing is written
  --prefix TEXT   what the keys begin with (default koa:sess:)
  --batch N       sessions between two looks at the state (default 200)
  --state FILE    keeps how far it came, so that the next run goes on from there
  --help, --version

A STORE is
  redis://…  rediss://…       with ioredis, iovalkey or redis
  postgres://…  mysql://…     with pg or postgres, with mysql2
  sqlite:FILE                 with better-sqlite3, libsql or the SQLite of Node
  a path to a module whose default export is a store, or { store, close }
Drivers and modules are those of the current directory.

Ends with 0 when all is done, 1 when something failed, 2 when it was asked for something that it
cannot do, 130 when it was interrupted.`

/** Something was asked for that cannot be done; the message is one line that says what to do. */
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

/** @throws {UsageError} */
export function parse(args: string[]): 'help' | 'version' | Task {
  const { values, positionals } = parsed(args)
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

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [told = ''] = (error instanceof Error ? error.message : '').split('. ')
    throw new UsageError(`${told}: see koa-sess --help`)
  }
}
