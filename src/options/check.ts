import { duration } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { assertKnownOptions, hasMethods } from '../util/shape.js'
import { meantBy } from './meant.js'
import type { SessionOptions } from './session-options.js'
import { checkUsers } from './users-options.js'

const FLAGS = ['rolling', 'defer', 'allowEmpty', 'privateCache'] as const
const FUNCTIONS = ['genSid', 'valid', 'beforeSave', 'errorHandler', 'now'] as const
const OTHERS = [
  'key',
  'readKeys',
  'prefix',
  'store',
  'ttl',
  'cookie',
  'reconnectTimeout',
  'sessionIdStore',
  'absoluteTimeout',
  'renew',
  'digest',
  'hashIds',
  'encryption',
  'maxBytes',
  'onConflict',
  'tombstone',
  'eventSalt',
  'users',
  'app',
  'recheck',
] as const
const KNOWN: readonly string[] = [...FLAGS, ...FUNCTIONS, ...OTHERS]

/** A cookie's name is a token (RFC 6265, 4.1.1). Older packages use a colon in theirs, and browsers accept it. */
const TOKEN = /^[!#$%&'*+\-.:^_`|~\w]+$/

/** Browsers drop a cookie whose name and value exceed 4096 bytes (RFC 6265bis, 5.6), and an id takes up to 256. */
const MAX_NAME = 256
const NAME = `a cookie name: at most ${MAX_NAME} letters, digits and - . _ ~ without spaces`

const isName = (name: unknown) =>
  typeof name === 'string' && name.length <= MAX_NAME && TOKEN.test(name)

/**
 * Checks the names of options and the kinds of their values. Each part checks its own values further.
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION
 */
export function checkOptions(options: object): void {
  checkNames(options)
  checkTypes(options)
  checkRest(options)
  checkUsers(Reflect.get(options, 'users'))
  const app: unknown = Reflect.get(options, 'app')
  check(app === undefined || hasMethods(app, 'createContext', 'emit'), 'app', 'the Koa application')
}

function checkNames(options: object): void {
  if (typeof options !== 'object' || options === null) throw bad('options', 'an object')
  if (hasMethods(options, 'use', 'callback'))
    throw bad('options', 'an object, and not the application: app.use(session(options))')
  for (const [name, value] of Object.entries(options)) {
    if (KNOWN.includes(name)) continue
    const meant = meantBy(name, value, KNOWN)
    throw new SessionError(
      'ERR_SESSION_OPTION',
      meant ?? `Unknown option ${name}: known are ${KNOWN.join(', ')}`,
    )
  }
}

function checkTypes(options: SessionOptions<never>): void {
  const { key, readKeys, eventSalt, prefix, ttl, cookie, sessionIdStore, onConflict } = options
  for (const name of FLAGS)
    check(options[name] === undefined || typeof options[name] === 'boolean', name, 'a boolean')
  for (const name of FUNCTIONS) {
    check(options[name] === undefined || typeof options[name] === 'function', name, 'a function')
  }
  check(key === undefined || isName(key), 'key', NAME)
  check(
    readKeys === undefined || (Array.isArray(readKeys) && readKeys.every(isName)),
    'readKeys',
    `an array, each of ${NAME}`,
  )
  check(
    eventSalt === undefined || (typeof eventSalt === 'string' && eventSalt !== ''),
    'eventSalt',
    'a text that is not empty',
  )
  check(prefix === undefined || typeof prefix === 'string', 'prefix', 'a string')
  if (ttl !== undefined && typeof ttl !== 'function') duration('ttl', ttl)
  check(
    cookie === undefined || (typeof cookie === 'object' && cookie !== null),
    'cookie',
    'an object',
  )
  check(
    sessionIdStore === undefined || hasMethods(sessionIdStore, 'get', 'set', 'reset'),
    'sessionIdStore',
    'an object with the methods get, set and reset',
  )
  const words: unknown[] = [undefined, 'mine', 'theirs', 'throw']
  check(
    words.includes(onConflict) || typeof onConflict === 'function',
    'onConflict',
    'mine, theirs, throw or a function',
  )
}

function checkRest({ hashIds, encryption, maxBytes }: SessionOptions<never>): void {
  const isDate = (date: unknown) => date instanceof Date && !Number.isNaN(date.getTime())
  const isUntil = (value: object | null) => {
    const [[name, date] = [], ...more] = Object.entries(value ?? {})
    return ['plainUntil', 'hashedUntil'].includes(`${name}`) && isDate(date) && more.length === 0
  }
  check(
    hashIds === undefined || typeof hashIds === 'boolean' || isUntil(hashIds),
    'hashIds',
    'a boolean, { plainUntil: a Date } or { hashedUntil: a Date }',
  )
  const until = encryption?.plainUntil
  const only: unknown = encryption?.decryptOnly
  check(
    encryption === undefined ||
      (Array.isArray(encryption?.keys) && (until === undefined || isDate(until))),
    'encryption',
    '{ keys: [secrets of at least 32 bytes] }, and plainUntil a Date',
  )
  assertKnownOptions('encryption', encryption ?? {}, ['keys', 'plainUntil', 'decryptOnly'])
  check(only === undefined || typeof only === 'boolean', 'encryption.decryptOnly', 'a boolean')
  check(!only || until === undefined, 'encryption', 'with plainUntil or decryptOnly, not both')
  check(
    maxBytes === undefined || (Number.isInteger(maxBytes) && maxBytes > 0),
    'maxBytes',
    'a number of bytes',
  )
}

function check(fits: boolean, name: string, wanted: string): void {
  if (!fits) throw bad(name, wanted)
}

function bad(name: string, wanted: string): SessionError {
  return new SessionError('ERR_SESSION_OPTION', `${name} must be ${wanted}`)
}
