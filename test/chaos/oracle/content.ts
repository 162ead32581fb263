import type { Data } from '../protocol.js'
import type { Session } from './model.js'
import type { Promised } from './promises.js'

export type Finding = [promise: Promised, text: string]

/** Which session each request wrote to, by its number. */
export type Writers = ReadonlyMap<number, Session>

/** Compares what a request saw of its session with what was acknowledged before it was sent. */
export function checkContent(
  data: Data,
  session: Session,
  sentAt: number,
  writers: Writers,
): Finding[] {
  const findings: Finding[] = []
  for (const [key, at] of session.keys) {
    if (at < sentAt && !Object.hasOwn(data, key))
      findings.push(['keys', `key ${key} was acknowledged and is not there`])
  }
  for (const key of Object.keys(data)) {
    const number = /^[kl](\d+)$/.exec(key)?.[1]
    if (number !== undefined && writers.get(Number(number)) !== session)
      findings.push(['foreign', `key ${key} was written to another session`])
  }
  findings.push(...checkCounted(data.counted ?? [], session, sentAt, writers))
  if ((data.count ?? 0) !== (data.counted?.length ?? 0))
    findings.push(['updates', 'the count and the list of increments differ'])
  return findings
}

export function checkCounted(
  counted: readonly number[],
  session: Session,
  sentAt: number,
  writers: Writers,
): Finding[] {
  const findings: Finding[] = []
  const seen = new Set<number>()
  for (const number of counted) {
    if (seen.has(number)) findings.push(['updates', `increment ${number} was counted twice`])
    seen.add(number)
    if (!session.descendsFrom(writers.get(number)))
      findings.push(['foreign', `increment ${number} was made in another session`])
  }
  for (const [number, at] of session.counted) {
    if (at < sentAt && !seen.has(number))
      findings.push(['updates', `increment ${number} was acknowledged and is not there`])
  }
  return findings
}
