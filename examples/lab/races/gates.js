/** Where handlers wait until the scene goes on. A gate that was opened stays open. */
export class Gates {
  #gates = new Map()

  /** For the handler. */
  pass(name) {
    const gate = this.#gate(name)
    gate.arrive()
    return gate.opened
  }

  /** Resolves when a handler waits. */
  arrived(name) {
    return this.#gate(name).arrived
  }

  open(name) {
    this.#gate(name).open()
  }

  #gate(name) {
    if (!this.#gates.has(name)) this.#gates.set(name, createGate())
    return this.#gates.get(name)
  }
}

function createGate() {
  const gate = {}
  gate.arrived = new Promise((resolve) => {
    gate.arrive = resolve
  })
  gate.opened = new Promise((resolve) => {
    gate.open = resolve
  })
  return gate
}
