import type { Action, Report } from '../protocol.js'

/** One request. */
export interface Step {
  number: number
  browser: number
  action: Action
  sentAt: number
  /** The session of the cookie that it came with. For a kick, the session that it is to end. */
  session: Session | undefined
}

/** What the headers of an answer say. */
export interface Answer {
  at: number
  status: number
  /** The id that it set; `CLEARED`; undefined: it set none. */
  cookie: string | undefined
  /** Absent when no server process answered it. */
  report: Report | undefined
}

export const CLEARED = ''

/** An attempt to end a session. */
export interface Ending {
  step: Step
  /**
   * `open`: not answered yet; `done`: answered with success; `failed`: answered with an error;
   * `lost`: never answered.
   */
  outcome: 'open' | 'done' | 'failed' | 'lost'
  /** A login whose browser got the cookie of the new session. */
  moved: boolean
  /** How many connections were cut while it was under way. */
  cuts: number
}

/** What is known of a session: acknowledged writes, and requests that may have ended it. */
export class Session {
  /** When each key, and each increment by the number of its request, was acknowledged. */
  readonly keys = new Map<string, number>()
  readonly counted = new Map<number, number>()
  readonly endings: Ending[] = []
  /** No request that is sent later may find it. */
  endedAt = Number.POSITIVE_INFINITY
  /** When a request first found nothing under its id. */
  absentAt = Number.POSITIVE_INFINITY
  /** Each kind of violation is reported once a session. */
  readonly reported = new Set<string>()

  constructor(
    /** Its name in reports, which show no ids. */
    readonly label: number,
    readonly born: number,
    readonly owner: number,
    /** What it was regenerated from. */
    readonly parent?: Session,
  ) {}

  endsAt(at: number): void {
    this.endedAt = Math.min(this.endedAt, at)
  }

  /** Attempts to end it that may have taken effect by then; `except` one. */
  endingsBefore(at: number, except?: Step): Ending[] {
    return this.endings.filter(({ step }) => step !== except && step.sentAt < at)
  }

  /** Whether increments of another session may have been carried into this one. */
  descendsFrom(other: Session | undefined): boolean {
    if (other === undefined) return false
    return other === this || (this.parent?.descendsFrom(other) ?? false)
  }
}
