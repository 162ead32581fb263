/** How many primaries are remembered: one for each node of a cluster, and those before a failover. */
const MAX_PRIMARIES = 1000

/**
 * How many replicas `all` means: the most that a primary had connected at once since the store first
 * asked it, and at least 1.
 *
 * The replicas that are connected now would not be enough. A primary that hung may come back after
 * one of its replicas was promoted. The others still follow it for a moment and confirm its writes,
 * which are lost once it is demoted.
 */
export class ReplicaCounts {
  /** By `master_replid`, which is another one after a failover or a restart. */
  readonly #most = new Map<string, number>()

  /** @param replication The answer to INFO replication. */
  wanted(replication: string): number {
    const id = /^master_replid:(\w+)/m.exec(replication)?.[1] ?? ''
    const online = replication.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0
    const most = Math.max(1, online, this.#most.get(id) ?? 0)
    this.#most.delete(id)
    this.#most.set(id, most)
    const [oldest] = this.#most.keys()
    if (this.#most.size > MAX_PRIMARIES && oldest !== undefined) this.#most.delete(oldest)
    return most
  }
}
