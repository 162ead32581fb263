let turns = 0
let isScheduled = false

/** How many turns of the event loop were counted. Only turns in which it is asked count. */
export function currentTurn(): number {
  if (!isScheduled) {
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      turns++
    })
  }
  return turns
}

/** Counts one turn more: what was read before must not be taken for current. */
export function countTurn(): void {
  turns++
}
