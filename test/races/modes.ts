// Everything that changes how and when a record is written.
const STRICT = {
  hashIds: true,
  encryption: { keys: ['a secret of thirty-two bytes or more'] },
  digest: 'sha256' as const,
  absoluteTimeout: 3_600_000,
  renew: 0.5,
}

/** Every session is in the list of one user. */
const USERS = { of: () => 'ada', max: 1000 }

export interface Mode {
  rolling: boolean
  defer: boolean
  strict?: typeof STRICT
  users?: typeof USERS
}

export const MODES: Mode[] = [
  { rolling: false, defer: false },
  { rolling: true, defer: false },
  { rolling: false, defer: true },
  { rolling: true, defer: true },
  { rolling: true, defer: false, strict: STRICT },
  { rolling: true, defer: false, users: USERS },
]
