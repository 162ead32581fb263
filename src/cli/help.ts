const STORES = `How to write a STORE
  redis://HOST:6379/0         needs the package ioredis, iovalkey or redis (rediss:// with TLS)
  postgres://USER@HOST/NAME   needs the package pg or postgres
  mysql://USER@HOST/NAME      needs the package mysql2
  sqlite:FILE                 needs better-sqlite3 or libsql, or Node 22 and later
  ./FILE.mjs                  a module of yours whose default export is a store, or { store, close }
A URL may hold a password: redis://USER:PASSWORD@HOST. In it, write / as %2F, ? as %3F, # as %23, @ as %40.
Packages and modules are those of the directory that you run it in.`

const STATUS = `If something goes wrong, it says which store failed and why. Its exit status is
  0 everything was done     1 something failed     2 the command was not understood
  130 you stopped it (Ctrl-C)`

const CONFIG = `How to write a config
  A module whose default export is the options that the application passes to session():
    export default { users: { of: (session) => session.user?.id }, hashIds: true }
  Its prefix, hashIds, encryption, ttl and cookie have to be those of the application.`

const GENERAL = `koa-sess migrate --from STORE --to STORE [--write]
  copies the sessions of users from one store to another
koa-sess sessions --store STORE --config FILE --user ID [--end HANDLE | --end-all]
  lists the sessions of a user, and ends one of them or all
koa-sess stats --store STORE
  says how many sessions there are, how old and how large they are
koa-sess codemod PACKAGE PATH... [--dry-run]
  rewrites an application of koa-session or koa-generic-session

koa-sess COMMAND --help       says more of one command
koa-sess --version            shows the version

${STORES}

${STATUS}`

const MIGRATE = `koa-sess migrate --from STORE --to STORE [--write]

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

${STORES}

Examples
  koa-sess migrate --from redis://old --to redis://new --state progress.json
  koa-sess migrate --from redis://old --to redis://new --state progress.json --write

${STATUS}`

const SESSIONS = `koa-sess sessions --store STORE --config FILE --user ID [--end HANDLE | --end-all]

Lists the sessions of a user, and ends one of them or all. It prints handles, and no ids or data.
First it reads the list that the option users keeps. Then it scans the store for sessions that are in no
list: those that were stored before the option, or whose list was lost. Scanning takes long where there
are millions of sessions; Ctrl-C stops it.

  --store STORE   where the sessions are; by default the store in the config
  --config FILE   the options of session(), see below
  --of PATH       in place of a config: the key of a session that holds the id of its user, as user.id
  --prefix TEXT   with --of: what the keys in the store begin with (default koa:sess:)
  --user ID       the user, as users.of returns it
  --end HANDLE    end this session
  --end-all       end all sessions of the user, and refuse logins that have begun
  --no-scan       look at the list alone
  --help          show this text

${CONFIG}

${STORES}

Examples
  koa-sess sessions --store redis://HOST --config sessions.mjs --user 42
  koa-sess sessions --store redis://HOST --of passport.user --user 42 --end-all

${STATUS}`

const STATS = `koa-sess stats --store STORE [--sample N | --all]

Says how many sessions there are, how old and how large they are, and when they end. It writes nothing.
Where there are more than N sessions, it reads about N of them and estimates the rest.

  --store STORE   where the sessions are; by default the store in the config
  --config FILE   the options of session(), see below: for prefix, and for encryption
  --prefix TEXT   what the keys in the store begin with (default koa:sess:)
  --sample N      estimate where there are more than N sessions (default 100000)
  --all           read all of them, however many
  --help          show this text

${CONFIG}

${STORES}

${STATUS}`

const CODEMOD = `koa-sess codemod PACKAGE PATH... [--dry-run]

Rewrites an application of koa-session or koa-generic-session: imports, options, and what it calls on
sessions. What it does not understand it leaves as it is, and prints with its file and line.

  PACKAGE         koa-session or koa-generic-session
  PATH            files and folders of the application, all at once
  --dry-run       print the lines that would change, and write nothing
  --help          show this text
It needs the package typescript, 5 or 6, in the directory that you run it in. What you install with
--no-save is removed by the next npm command: first run the codemod to the end, or use -D.

Example
  koa-sess codemod koa-session src --dry-run

Its exit status is
  0 all files were read, and changed where that was possible
  1 a file could not be read or written
  2 the command was not understood, or typescript is missing`

/** The help of each command, and that of all of them. */
export const HELP = {
  general: GENERAL,
  migrate: MIGRATE,
  sessions: SESSIONS,
  stats: STATS,
  codemod: CODEMOD,
} as const
