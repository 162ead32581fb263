import type { SessionOptions } from '../../src/index.js'

/** How sessions are stored. */
export interface Mode {
  options: SessionOptions
  /** The options under which sessions begin, where those are others. */
  before?: SessionOptions
  /** The only operation to try. Default: each one. */
  only?: string
  /** Also cut the command after the one whose answer is lost. */
  twice?: true
}

const encryption = { keys: ['a secret of the cuts, as long as one has to be'] }
const moving = { hashIds: { plainUntil: new Date(Date.now() + 86_400_000) } }

/** In the modes `bare`, sessions begin under bare ids: each operation meets one that has to move. */
export const MODES: Record<string, Mode> = {
  plain: { options: {}, twice: true },
  rolling: { options: { rolling: true } },
  hashed: { options: { hashIds: true } },
  sealed: { options: { encryption } },
  bare: { options: moving, before: {}, twice: true },
  'bare, rolling': {
    options: { ...moving, rolling: true },
    before: { rolling: true },
    only: 'a write',
  },
  'bare, sealed': { options: { ...moving, encryption }, before: { encryption }, only: 'a write' },
}
