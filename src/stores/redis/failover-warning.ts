let hasWarned = false

/**
 * Warns once about a client of ioredis or iovalkey that connects by Sentinel without
 * `failoverDetector`: it stays connected to a primary that hung, was replaced and came back. What it
 * writes until that primary is demoted, which takes Sentinel about ten seconds, is lost.
 */
export function warnWithoutFailoverDetector(options: object): void {
  const sentinels: unknown = Reflect.get(options, 'sentinels')
  const isBySentinel = Array.isArray(sentinels) && sentinels.length > 0
  if (hasWarned || !isBySentinel || Reflect.get(options, 'failoverDetector') === true) return
  hasWarned = true
  process.emitWarning(
    'A Redis client connects by Sentinel without failoverDetector. If a primary hangs and comes back after a failover, the client goes on writing to it, and these writes are lost. Create the client with failoverDetector: true.',
    { code: 'KOA_SESS_SENTINEL_FAILOVER' },
  )
}
