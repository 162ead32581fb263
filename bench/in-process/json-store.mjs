/**
 * The store of every peer: JSON in a Map, as a database would hold it, behind promises, as a
 * database would answer. It never expires anything, which is in the peers' favour.
 */
export class JsonStore {
  #records = new Map()

  async get(id) {
    const record = this.#records.get(id)
    return record === undefined ? undefined : JSON.parse(record)
  }
  async set(id, session) {
    this.#records.set(id, JSON.stringify(session))
  }
  async destroy(id) {
    this.#records.delete(id)
  }
}
