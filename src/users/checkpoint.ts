const HASH_LENGTH = 12

/** The epoch of a user's list as a short text, which fits no other user. */
export function checkpointOf(listKey: string, epoch: number): string {
  return `${listKey.slice(-HASH_LENGTH)}.${epoch}`
}

/** The epoch that a checkpoint holds. One that is malformed, or of another user, equals no epoch. */
export function epochOf(listKey: string, checkpoint: string): number {
  const [hash, epoch] = [checkpoint.slice(0, HASH_LENGTH), checkpoint.slice(HASH_LENGTH)]
  return hash === listKey.slice(-HASH_LENGTH) && /^\.\d+$/.test(epoch)
    ? Number(epoch.slice(1))
    : Number.NaN
}
