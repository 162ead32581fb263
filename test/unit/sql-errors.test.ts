import { expect, test } from 'vitest'
import { withRetry } from '../../src/stores/sql/errors.js'

const failWith = async (error: Error, tries?: number): Promise<unknown> => {
  try {
    await withRetry(() => Promise.reject(error), tries)
  } catch (thrown) {
    return thrown
  }
  throw new Error('This should have failed')
}

const fault = (properties: object, message = 'no') => Object.assign(new Error(message), properties)

test.each([
  // PostgreSQL: read-only, disk full, memory, connections, limits, shutdown, idle session.
  ...['25006', '53000', '53100', '53200', '53300', '53400', '57P01', '57P02', '57P03', '57P05'],
  ...['08006', '08P01', '57014', '55P03', '25P03', '25P04'],
  ...['ECONNREFUSED', 'ENOTFOUND', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED'],
  ...['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_READONLY_DBMOVED', 'SQLITE_IOERR_WRITE'],
  ...['ER_OPTION_PREVENTS_STATEMENT', 'ER_CON_COUNT_ERROR', 'ER_LOCK_WAIT_TIMEOUT'],
])('the code %s is a 503', async (code) => {
  const thrown = await failWith(fault({ code }))
  expect(thrown).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE', status: 503, cause: { code } })
})

test.each([
  1290, 1836, 1021, 1114, 1047, 1040, 1041, 1053, 1203, 1205, 1226, 1317, 1792, 3024, 9001,
])('the number %i of MySQL is a 503, whatever its name', async (errno) => {
  const thrown = await failWith(fault({ errno, code: undefined }))
  expect(thrown).toMatchObject({ code: 'ERR_SESSION_UNAVAILABLE', cause: { errno } })
})

test.each([
  'database is locked',
  'database or disk is full',
  'attempt to write a readonly database',
  'could not write block: No space left on device',
])('an error without a code that says %j is a 503', async (message) => {
  expect(await failWith(fault({}, message))).toMatchObject({ status: 503 })
})

test.each([
  '42P01',
  '42501',
  '28P01',
  '22001',
  'ER_NO_SUCH_TABLE',
  'SQLITE_CORRUPT',
  'SQLITE_ERROR',
])('the code %s stays what it is', async (code) => {
  const thrown = await failWith(fault({ code }))
  expect(thrown).toMatchObject({ code })
  expect(thrown).not.toHaveProperty('status')
})

test('a deadlock that persists is a 503', async () => {
  expect(await failWith(fault({ code: '40P01' }), 3)).toMatchObject({ status: 503 })
  expect(await failWith(fault({ errno: 1213 }), 3)).toMatchObject({ status: 503 })
})

test.each([
  { code: '26000' },
  { code: '42P05' },
  { errno: 1243 },
])('a prepared statement that a pooler lost: the message names the option', async (properties) => {
  const thrown = await failWith(fault(properties, 'prepared statement "s" does not exist'))
  expect(String(thrown)).toContain('set prepare: false')
})

test('a syntax error of MySQL does not quote the statement', async () => {
  const message = "You have an error in your SQL syntax near 'X'73656372' at line 1"
  expect(String(await failWith(fault({ errno: 1064 }, message)))).not.toContain('7365')
})
