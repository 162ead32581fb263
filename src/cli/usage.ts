import { parseArgs } from 'node:util'
import { PACKAGES, type PackageName } from '../codemod/packages.js'

export const HELP = `koa-sess migrate --from STORE --to STORE [--write]
koa-sess codemod PACKAGE PATH... [--dry-run]

migrate

Copies the sessions of users from one store to another, so that they stay logged in.
Run it twice: first as it stands, to see how many sessions there are. Then with --write, to copy them.
It never changes a session that the new store already has, and deletes nothing from the old store.

  --from STORE    the old store
  --to STORE      the new store
  --write         copy the sessions; without it they are only counted
  --prefix TEXT   copy the sessions whose keys begin with TEXT (default koa:sess:)
  --state FILE    remember in FILE how far it came; run the same command again to go on from there.
                  After a first run without --write, it also shows a bar and the time left
  --batch N       save the state after every N sessions (default 200)
  --help          show this text
  --version       show the version

How to write a STORE
  redis://HOST:6379/0         needs the package ioredis, iovalkey or redis (rediss:// with TLS)
  postgres://USER@HOST/NAME   needs the package pg or postgres
  mysql://USER@HOST/NAME      needs the package mysql2
  sqlite:FILE                 needs better-sqlite3 or libsql, or Node 22 and later
  ./FILE.mjs                  a module of yours whose default export is a store, or { store, close }
A URL may hold a password: redis://USER:PASSWORD@HOST. Packages and modules are those of the directory
that you run it in.

codemod
Rewrites an application of koa-session or koa-generic-session: imports, options, and what it calls on
sessions. What it does not understand it leaves as it is, and prints with its file and line.

  PACKAGE         koa-session or koa-generic-session
  PATH            files and folders of the application, all at once
  --dry-run       print the lines that would change, and write nothing
It needs the package typescript in the directory that you run it in.

Examples
  koa-sess migrate --from redis://old --to redis://new --state progress.json
  koa-sess migrate --from redis://old --to redis://new --state progress.json --write
  koa-sess codemod koa-session src --dry-run

If something goes wrong, it says which store failed and why. Its exit status is
  0 everything was done     1 something failed     2 the command was not understood
  130 you stopped it (Ctrl-C)`

/** The command cannot run as it was called. The message is one line and says what to change. */
export class UsageError extends Error {}

export interface MigrateTask {
  command: 'migrate'
  from: string
  to: string
  write: boolean
  prefix: string
  batch: number
  state: string | undefined
}

export interface CodemodTask {
  command: 'codemod'
  name: PackageName
  paths: readonly string[]
  dryRun: boolean
}

export type Task = MigrateTask | CodemodTask

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
  if (command === 'migrate' && rest.length === 0) return parseMigrate(values)
  if (command === 'codemod') return parseCodemod(values, rest)
  throw new UsageError(
    'the commands are migrate and codemod: koa-sess migrate --from STORE --to STORE, koa-sess codemod PACKAGE PATH',
  )
}

type Values = ReturnType<typeof parseOptions>['values']

function parseMigrate(values: Values): MigrateTask {
  const { from, to, write = false, prefix = 'koa:sess:', batch = '200', state } = values
  if (!from || !to) throw new UsageError('migrate needs --from STORE and --to STORE')
  if (write && values['dry-run']) throw new UsageError('--write and --dry-run exclude each other')
  if (!/^[1-9]\d{0,4}$/.test(batch)) throw new UsageError('--batch is a number from 1 to 99999')
  return { command: 'migrate', from, to, write, prefix, batch: Number(batch), state }
}

function parseCodemod(values: Values, [given, ...paths]: string[]): CodemodTask {
  const { 'dry-run': dryRun = false, ...others } = values
  const [other] = Object.keys(others)
  if (other) throw new UsageError(`codemod takes no option --${other}`)
  const name = PACKAGES.find((each) => each === given)
  if (!name || paths.length === 0)
    throw new UsageError(
      `codemod needs a package, ${PACKAGES.join(' or ')}, and the files: koa-sess codemod ${PACKAGES[0]} src`,
    )
  return { command: 'codemod', name, paths, dryRun }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : '').split('. ')
    throw new UsageError(`${reason}: see koa-sess --help`)
  }
}
