/** A promise, and what resolves it. */
function signal() {
  let give
  const given = new Promise((resolve) => {
    give = resolve
  })
  return { given, give }
}

/** Where handlers stop until the schedule lets them go on; nothing here depends on time. */
export class Gates {
  #gates = new Map()

  /** For the handler: tells that it is here, and waits. An open gate stays open. */
  pass(name) {
    const { arrived, open } = this.#gate(name)
    arrived.give()
    return open.given
  }

  /** For the schedule: when a handler stands at the gate. */
  arrived(name) {
    return this.#gate(name).arrived.given
  }

  open(name) {
    this.#gate(name).open.give()
  }

  #gate(name) {
    const gate = this.#gates.get(name) ?? { arrived: signal(), open: signal() }
    this.#gates.set(name, gate)
    return gate
  }
}
