import { expect, test } from 'vitest'
import { reasonOf } from '../../src/cli/reason.js'
import { unavailable } from '../../src/util/errors.js'

const SECRET = 'hunter2'
const fault = (properties: object, message = '') =>
  Object.assign(new Error(`${message} ${SECRET}`.trimStart()), properties)

test.each([
  [{ code: 'ECONNREFUSED' }, '', /^the connection was refused.*\(ECONNREFUSED\)$/],
  [{ code: 'ENOTFOUND' }, '', /^the host name is unknown/],
  [{ code: 'EAI_AGAIN' }, '', /^the host name is unknown/],
  [{ code: 'ETIMEDOUT' }, '', /^it did not answer in time/],
  [{ code: 'ECONNRESET' }, '', /^the connection broke/],
  [{ code: '28P01' }, '', /password is wrong or missing/],
  [{ code: 'ER_ACCESS_DENIED_ERROR' }, '', /password is wrong or missing/],
  [{}, 'WRONGPASS invalid username-password pair', /password is wrong or missing \(WRONGPASS\)/],
  [{}, 'NOAUTH Authentication required.', /password is wrong or missing \(NOAUTH\)/],
  [{}, 'ERR AUTH <password> called without any password', /password is wrong or missing/],
  [{}, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', /password is wrong/],
  [{}, 'ERR DB index is out of range', /no database of this number/],
  [{ code: '3D000' }, '', /no such database/],
  [{ code: 'ER_BAD_DB_ERROR' }, '', /no such database/],
  [{ code: '42P01' }, '', /no such table/],
  [{ code: '42501' }, '', /no permission/],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, '', /TLS/],
  [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, '', /TLS/],
  [{ code: 'SQLITE_NOTADB' }, '', /not an SQLite database/],
  [{ code: 'SQLITE_CANTOPEN_ISDIR' }, '', /cannot be opened/],
  [{}, 'ConnectionFailed("Unable to open connection to local database a: 14")', /cannot be opened/],
  [{}, 'READONLY You can not write against a read only replica.', /^it is read-only/],
  [{ code: 'EXOTIC' }, '', /^it threw an error EXOTIC at test\/cli\/reason\.test\.ts:\d+$/],
  [{}, '', /^it threw an error without a code at test\/cli\/reason\.test\.ts:\d+$/],
  [{ name: SECRET }, '', /^it threw an error without a code/],
])('%j %s', (properties, message, expected) => {
  const reason = reasonOf(fault(properties, message))
  expect(reason).toMatch(expected)
  expect(reason).not.toContain(SECRET)
  expect(reason).not.toMatch(/\bError$/)
})

test('the reason is that of the cause, where the error itself says only that a store failed', () => {
  const cause = fault({ code: '53300' })
  expect(reasonOf(unavailable('See error.cause.', cause))).toBe('it has no connection left (53300)')
  const refused = fault({ code: 'ECONNREFUSED' })
  expect(reasonOf(new AggregateError([refused, refused]))).toMatch(/refused/)
  const circle = fault({})
  circle.cause = circle
  expect(reasonOf(circle)).toMatch(/^it threw an error without a code/)
})

test('an error of this package says by itself what to do', () => {
  expect(reasonOf(unavailable('Redis did not answer within 5 s'))).toBe(
    'Redis did not answer within 5 s',
  )
})

test('a module that is missing is named', async () => {
  const name = 'no-such-package'
  const missing = await import(name).catch((error: unknown) => error)
  expect(reasonOf(missing)).toContain('no-such-package')
  const required = Object.assign(new Error("Cannot find module 'ioredis'\nRequire stack:\n- /a"), {
    code: 'MODULE_NOT_FOUND',
  })
  expect(reasonOf(required)).toMatch(/^the module ioredis is missing/)
})

test.each([undefined, null, 5, SECRET])('%j that was thrown is not printed', (value) => {
  expect(reasonOf(value)).toBe('it threw a value that is not an Error')
})

test('a message that looks like a stack is not printed', () => {
  const error = new TypeError(`no\n    at ${SECRET} (/tmp/${SECRET}:1:2)`)
  expect(reasonOf(error)).toMatch(/^it threw a TypeError without a code at test\/cli\//)
})
