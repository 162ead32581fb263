import { createHash } from 'node:crypto'
import type { Command } from './command.js'

// Compare and set in one round trip. The SHA-1 of the expected value is sent instead of the value, to
// save bandwidth. ARGV: SHA-1 of expected, value, ms to live, and optionally IN_PLACE.
const SCRIPT = `
local current = redis.call('GET', KEYS[1])
if not current then return {0} end
if redis.sha1hex(current) ~= ARGV[1] then return {0, current} end
if tonumber(ARGV[3]) > 0 then
  if ARGV[4] then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
return {1}
`
const SCRIPT_SHA = sha1(SCRIPT)
const IN_PLACE = 'in place'

export type ScriptArgs = readonly [keys: '1', key: string, sha: string, value: string, ms: string]

export function scriptArgs(key: string, expected: string, value: string, ms: number): ScriptArgs {
  return ['1', key, sha1(expected), value, `${ms}`]
}

/** Runs the script by its SHA-1. Fails with NOSCRIPT if the server has not run it before. */
export function evalSha(args: ScriptArgs): Command {
  return ['evalsha', SCRIPT_SHA, ...args]
}

/** Sends the whole script. */
export function evalScript(args: ScriptArgs): Command {
  return ['eval', SCRIPT, ...args]
}

/**
 * The script with PEXPIRE before SET, for a full server. It refuses SET as the first write of a script,
 * but accepts PEXPIRE, and then lets SET pass. Use it only for a value that is no larger.
 */
export function evalInPlace(args: ScriptArgs): Command {
  return ['eval', SCRIPT, ...args, IN_PLACE]
}

export function isReplaced(reply: unknown): boolean {
  return Array.isArray(reply) && Number(reply[0]) === 1
}

/** The value that is stored instead of the expected one; nothing: the record is gone. */
export function currentValue(reply: unknown): unknown {
  return Array.isArray(reply) ? reply[1] : undefined
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
