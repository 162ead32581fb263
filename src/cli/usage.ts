import { parseArgs } from 'node:util'
import { PACKAGES, type PackageName } from '../codemod/packages.js'
import { HELP } from './help.js'

/** The command cannot run as it was called. The message is one line and says what to change. */
export class UsageError extends Error {}

/** What only prints a text. */
export interface PrintTask {
  command: 'help' | 'version'
  /** Of `help`. */
  text: string
}

export interface MigrateTask {
  command: 'migrate'
  from: string
  to: string
  write: boolean
  prefix: string
  batch: number
  state: string | undefined
}

/** Where sessions are, and how their options are known. */
export interface Source {
  /** undefined: the store in the config. */
  store: string | undefined
  config: string | undefined
  prefix: string | undefined
}

export interface SessionsTask extends Source {
  command: 'sessions'
  /** The key of a session that holds the id of its user, as `user.id`; undefined: the config says it. */
  of: string | undefined
  user: string
  /** The handle of the session to end; undefined: none. */
  end: string | undefined
  endAll: boolean
  scan: boolean
}

export interface StatsTask extends Source {
  command: 'stats'
  /** How many sessions are read at most before the rest is estimated. */
  sample: number
}

export interface CodemodTask {
  command: 'codemod'
  name: PackageName
  paths: readonly string[]
  dryRun: boolean
}

export type Task = PrintTask | MigrateTask | SessionsTask | StatsTask | CodemodTask

const DEFAULT_SAMPLE = 100_000

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean' } as const
const COMMON = { help: { ...FLAG, short: 'h' }, version: { ...FLAG, short: 'v' } } as const
const SOURCE = { ...COMMON, store: TEXT, config: TEXT, prefix: TEXT } as const

const OPTIONS = {
  migrate: {
    ...COMMON,
    ...{
      from: TEXT,
      to: TEXT,
      write: FLAG,
      'dry-run': FLAG,
      prefix: TEXT,
      batch: TEXT,
      state: TEXT,
    },
  },
  sessions: {
    ...SOURCE,
    ...{ of: TEXT, user: TEXT, end: TEXT, 'end-all': FLAG, 'no-scan': FLAG },
  },
  stats: { ...SOURCE, sample: TEXT, all: FLAG },
  codemod: { ...COMMON, 'dry-run': FLAG },
} as const

type Command = keyof typeof OPTIONS
type OptionNames = typeof COMMON | (typeof OPTIONS)[Command]

/** @throws {UsageError} for an unknown command or option, or a missing one. */
export function parse(given: string[]): Task {
  const args = withHandle(given)
  const command = args.find((arg) => Object.hasOwn(OPTIONS, arg)) as Command | undefined
  if (command === 'migrate') return parseMigrate(args)
  if (command === 'sessions') return parseSessions(args)
  if (command === 'stats') return parseStats(args)
  if (command === 'codemod') return parseCodemod(args)
  const { values, positionals } = parseOptions(args, COMMON)
  if (positionals.length > 0)
    throw new UsageError(
      'the commands are migrate, sessions, stats and codemod: see koa-sess --help',
    )
  return printTask(values, 'general') ?? { command: 'help', text: HELP.general }
}

function parseMigrate(args: string[]): Task {
  const { values, positionals } = parseOptions(args, OPTIONS.migrate)
  const asked = printTask(values, 'migrate')
  if (asked) return asked
  assertAlone('migrate --from STORE --to STORE', positionals)
  const { from, to, write = false, prefix = 'koa:sess:', batch = '200', state } = values
  if (!from || !to) throw new UsageError('migrate needs --from STORE and --to STORE')
  if (write && values['dry-run']) throw new UsageError('--write and --dry-run exclude each other')
  if (!/^[1-9]\d{0,4}$/.test(batch)) throw new UsageError('--batch is a number from 1 to 99999')
  return { command: 'migrate', from, to, write, prefix, batch: Number(batch), state }
}

function parseSessions(args: string[]): Task {
  const { values, positionals } = parseOptions(args, OPTIONS.sessions)
  const asked = printTask(values, 'sessions')
  if (asked) return asked
  assertAlone('sessions --store STORE --config FILE --user ID', positionals)
  const { store, config, prefix, of, user, end, 'end-all': endAll = false } = values
  if (config === undefined && of === undefined)
    throw new UsageError(
      'sessions cannot know whose a session is: name --config FILE, a module that exports the options of session() with users.of, or --of PATH, the key of a session that holds the id of its user',
    )
  if (config !== undefined && (of !== undefined || prefix !== undefined))
    throw new UsageError(
      '--config says whose a session is, and the prefix: leave out --of and --prefix',
    )
  assertSource('sessions', values)
  if (!user) throw new UsageError('sessions needs --user ID')
  if (end !== undefined && endAll) throw new UsageError('--end and --end-all exclude each other')
  const scan = !values['no-scan']
  return { command: 'sessions', store, config, prefix, of, user, end, endAll, scan }
}

function parseStats(args: string[]): Task {
  const { values, positionals } = parseOptions(args, OPTIONS.stats)
  const asked = printTask(values, 'stats')
  if (asked) return asked
  assertAlone('stats --store STORE', positionals)
  const { store, config, prefix, sample, all } = values
  assertSource('stats', values)
  if (config !== undefined && prefix !== undefined)
    throw new UsageError('--config says the prefix: leave out --prefix')
  if (all && sample !== undefined) throw new UsageError('--sample and --all exclude each other')
  if (sample !== undefined && !/^[1-9]\d{0,8}$/.test(sample))
    throw new UsageError('--sample is a number from 1 to 999999999')
  const most = all ? Number.POSITIVE_INFINITY : Number(sample ?? DEFAULT_SAMPLE)
  return { command: 'stats', store, config, prefix, sample: most }
}

function parseCodemod(args: string[]): Task {
  const { values, positionals } = parseOptions(args, OPTIONS.codemod)
  const asked = printTask(values, 'codemod')
  if (asked) return asked
  const [, given, ...paths] = positionals
  const name = PACKAGES.find((each) => each === given)
  if (!name || paths.length === 0)
    throw new UsageError(
      `codemod needs a package, ${PACKAGES.join(' or ')}, and the files: koa-sess codemod ${PACKAGES[0]} src`,
    )
  return { command: 'codemod', name, paths, dryRun: values['dry-run'] ?? false }
}

/** A handle may begin with a dash, which would be read as an option. */
function withHandle(args: string[]): string[] {
  const at = args.indexOf('--end')
  const handle = args[at + 1]
  if (at < 0 || handle === undefined || !/^[\w-]{22}$/.test(handle)) return args
  return [...args.slice(0, at), `--end=${handle}`, ...args.slice(at + 2)]
}

function assertSource(command: string, { store, config }: { store?: string; config?: string }) {
  if (!store && !config) throw new UsageError(`${command} needs --store STORE`)
}

function assertAlone(usage: string, positionals: string[]): void {
  if (positionals.length > 1) throw new UsageError(`there is one word too many: koa-sess ${usage}`)
}

function printTask(
  { help, version }: { help?: boolean; version?: boolean },
  about: keyof typeof HELP,
): PrintTask | undefined {
  if (version) return { command: 'version', text: '' }
  return help ? { command: 'help', text: HELP[about] } : undefined
}

function parseOptions<O extends OptionNames>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : '').split('. ')
    throw new UsageError(`${reason}: see koa-sess --help`)
  }
}
