/** Each lost compare-and-set means that another process wrote: this bounds how many can be ahead. */
export const MAX_ROUNDS = 256

/** The first losses are to one writer: it has finished. */
const LOST_BEFORE_WAIT = 2
/** In ms. With longer waits, a process that lost finds that busy ones have written again. */
const MAX_WAIT = 4

/**
 * How long to wait after so many lost rounds, in ms; 0: not at all. A wait lets the others finish.
 * What is stored has to be read again after it: otherwise the next round is lost as well.
 */
export function waitAfterLoss(lost: number): number {
  if (lost < LOST_BEFORE_WAIT) return 0
  return Math.random() * Math.min(MAX_WAIT, 2 ** (lost - LOST_BEFORE_WAIT))
}
