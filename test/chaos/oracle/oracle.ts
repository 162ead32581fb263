import { begins, type Data, isLogin, TRAITS } from '../protocol.js'
import { checkContent, checkCounted, type Finding } from './content.js'
import { type Answer, CLEARED, type Ending, Session, type Step } from './model.js'
import type { Promised, Tolerances, Violation } from './promises.js'

export interface OracleOptions {
  tolerates: Tolerances
  /** How long the id of an ended session is blocked, in ms. */
  tombstone: number
  /** How many connections were cut since a moment. */
  cutsSince(at: number): number
  report(violation: Violation): void
}

/**
 * Checks every answer. An acknowledged request took effect before its answer arrived. Any other one may
 * have taken effect or not, at any time after it was sent.
 */
export class Oracle {
  readonly sessions = new Map<string, Session>()
  /** Answers that set the cookie of a session which ended after the server had looked. */
  crossed = 0
  readonly #options: OracleOptions
  readonly #writers = new Map<number, Session>()
  readonly #endings = new Map<Step, Ending>()

  constructor(options: OracleOptions) {
    this.#options = options
  }

  sent(step: Step): void {
    const { session, action, number } = step
    if (!session) return
    if (action !== 'kick') this.#writers.set(number, session)
    if (!TRAITS[action].ends) return
    const ending: Ending = { step, outcome: 'open', moved: false, cuts: 0 }
    this.#endings.set(step, ending)
    session.endings.push(ending)
  }

  /** `isLate`: the request was given up after the time limit. */
  lost(step: Step, at: number, isLate: boolean): void {
    const { tolerates } = this.#options
    this.#settle(step, 'lost', at)
    if (isLate) this.#broken('answers', step, 'no answer in time')
    else if (!tolerates.unanswered) this.#broken('answers', step, 'the connection broke')
  }

  /**
   * @param held The session of the cookie that the browser has as the answer arrives.
   * @returns the session of the cookie that it has from now on; null: none.
   */
  answered(step: Step, answer: Answer, held: Session | undefined): Session | null | undefined {
    this.#checkStatus(step, answer)
    const { report, status, at } = answer
    const ending = this.#settle(step, status === 200 ? 'done' : 'failed', at)
    if (step.action === 'kick') {
      if (status === 200 && (report?.kicked || !this.#options.tolerates.dirtyReads))
        step.session?.endsAt(at)
      return undefined
    }
    if (report?.seen && (status === 200 || hasContent(report.seen)))
      this.#report(step, this.#compare(step, at, report.seen))
    const next = this.#take(step, answer, held)
    if (next && next !== step.session && ending) ending.moved = true
    if (ending) this.#checkEnding(ending, answer)
    if (status === 200) this.#acknowledge(step, answer, next ?? undefined)
    return next
  }

  /** Once all requests are answered, and every session was looked at again. */
  finish(): void {
    if (this.#options.tolerates.lostLogins) return
    for (const { absentAt, reported, endings } of this.sessions.values()) {
      if (absentAt === Number.POSITIVE_INFINITY || reported.has('cuts')) continue
      const early = endings.filter(({ step }) => step.sentAt < absentAt)
      const [first] = early
      if (first && early.every(isVainLogin))
        this.#broken(
          'logins',
          first.step,
          'logins ended a session, and none of them got a new cookie',
        )
    }
  }

  #settle(step: Step, outcome: 'done' | 'failed' | 'lost', at: number): Ending | undefined {
    const ending = this.#endings.get(step)
    if (!ending) return undefined
    this.#endings.delete(step)
    ending.outcome = outcome
    ending.cuts = this.#options.cutsSince(step.sentAt) - this.#options.cutsSince(at)
    return ending
  }

  #checkStatus(step: Step, { status }: Answer): void {
    if (status === 200 && !TRAITS[step.action].throws) return
    if (status === 418 && TRAITS[step.action].throws) return
    if (status === 503 && this.#options.tolerates.unavailable) return
    this.#broken('answers', step, `the status was ${status}`)
  }

  #compare(step: Step, at: number, seen: Data): Finding[] {
    const { session, sentAt } = step
    if (!hasContent(seen)) return session ? this.#absent(step, session, at) : []
    if (!session || session.born !== seen.born || session.owner !== seen.owner)
      return [['foreign', 'the request saw another session']]
    if (session.endedAt < sentAt)
      return [['ends', `session ${session.label} had ended and was found`]]
    return checkContent(seen, session, sentAt, this.#writers)
  }

  /** A request found no session under an id that had one. */
  #absent(step: Step, session: Session, at: number): Finding[] {
    const { tolerates } = this.#options
    const endings = session.endingsBefore(at, step)
    if (endings.length === 0)
      return [['writes', `session ${session.label} lives and was not found`]]
    session.absentAt = Math.min(session.absentAt, at)
    if (!tolerates.lostLogins && endings.every(isCutLogin))
      return [['cuts', `a failed login destroyed session ${session.label}`]]
    if (!tolerates.dirtyReads) session.endsAt(at)
    return []
  }

  /** Which session the browser has a cookie of after this answer. */
  #take(step: Step, answer: Answer, held: Session | undefined): Session | null | undefined {
    const { cookie } = answer
    if (cookie === undefined) return undefined
    if (cookie === CLEARED) {
      if (step.action !== 'logout')
        this.#broken('cookies', step, 'a request that is no logout cleared the cookie')
      return null
    }
    const known = this.sessions.get(cookie)
    if (!known) return this.#begun(step, answer, cookie)
    if (known !== step.session)
      this.#broken(
        'cookies',
        step,
        `the cookie of session ${known.label} was set by a request without it`,
      )
    else if (known.endedAt < (answer.report?.known ?? 0)) {
      const isMoved = held && held !== known && held.endedAt === Number.POSITIVE_INFINITY
      const away = isMoved ? `, and took that of session ${held.label} away` : ''
      this.#broken(
        'cookies',
        step,
        `the cookie of session ${known.label}, which had ended, was set${away}`,
      )
    } else if (known.endedAt < answer.at) this.crossed++
    return known
  }

  /** The cookie of a session that is new. */
  #begun(step: Step, answer: Answer, id: string): Session {
    const { session, action, number } = step
    const isMove = isLogin(action)
    if (!begins(action))
      this.#broken('cookies', step, 'a request that begins no session set a cookie')
    if (session && !isMove && answer.at < this.#blockedUntil(session))
      this.#broken(
        'cookies',
        step,
        `another session began under the id of session ${session.label}`,
      )
    const seen = answer.report?.seen
    const parent = isMove && seen && hasContent(seen) ? session : undefined
    const begun = new Session(this.sessions.size + 1, number, step.browser, parent)
    for (const [counted, at] of parent?.counted ?? [])
      if (at < step.sentAt) begun.counted.set(counted, answer.at)
    this.sessions.set(id, begun)
    if (!parent) this.#writers.set(number, begun)
    return begun
  }

  /** Until then no other session may begin under its id: it lives, or is blocked by a tombstone. */
  #blockedUntil({ endings }: Session): number {
    const first = endings[0]?.step.sentAt ?? Number.POSITIVE_INFINITY
    return first + this.#options.tombstone
  }

  #checkEnding(ending: Ending, { at, status, cookie }: Answer): void {
    const { step, moved } = ending
    const { session, action } = step
    const ownEffect = isLogin(action) ? moved : cookie === CLEARED
    if (ownEffect || (status === 200 && !this.#options.tolerates.dirtyReads)) session?.endsAt(at)
    if (status !== 200 || moved || !isLogin(action) || !session) return
    if (session.endingsBefore(at, step).length === 0)
      this.#broken('logins', step, 'a login was answered with 200 and without a cookie')
  }

  /** Notes what the request wrote: its answer says that it is stored. */
  #acknowledge(step: Step, { at, report }: Answer, begun: Session | undefined): void {
    const { action, number } = step
    const isSeen = report?.seen !== undefined && hasContent(report.seen)
    const session = begun ?? (isSeen ? step.session : undefined)
    if (!session) {
      if (!step.session && begins(action))
        this.#broken('writes', step, 'a first write was answered with 200 and without a cookie')
      return
    }
    for (const name of TRAITS[action].keys) session.keys.set(`${name}${number}`, at)
    if (!TRAITS[action].counts || !report?.after) return
    this.#report(step, checkCounted(report.after, session, step.sentAt, this.#writers))
    session.counted.set(number, at)
  }

  #report(step: Step, findings: readonly Finding[]): void {
    for (const [promise, text] of findings) this.#broken(promise, step, text)
  }

  #broken(promise: Promised, step: Step, text: string): void {
    const { reported } = step.session ?? { reported: new Set<string>() }
    if (reported.has(promise)) return
    reported.add(promise)
    this.#options.report({ promise, step, text })
  }
}

const hasContent = (data: Data) => data.born !== undefined

/** A login that failed while at most one connection was cut, so that the server could look again. */
function isCutLogin({ step, outcome, moved, cuts }: Ending): boolean {
  return isLogin(step.action) && outcome === 'failed' && !moved && cuts <= 1
}

/** A login that was answered without a new cookie. */
function isVainLogin(ending: Ending): boolean {
  const { step, outcome, moved, cuts } = ending
  if (isCutLogin(ending)) return true
  return isLogin(step.action) && outcome === 'done' && !moved && cuts <= 1
}
