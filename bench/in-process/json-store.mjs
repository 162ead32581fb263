/**
 * The store of every peer: JSON in a Map behind promises, like a database. It expires nothing,
 * which favours the peers.
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
