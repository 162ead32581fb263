/** Where a handler waits until the test opens the gate. An open gate stays open. */
export class Gate {
  /** Resolves when a handler waits here. */
  readonly arrived: Promise<void>
  readonly #opened: Promise<void>
  #arrive: () => void = () => undefined
  #open: () => void = () => undefined

  constructor() {
    this.arrived = new Promise((resolve) => {
      this.#arrive = resolve
    })
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  /** For the handler. */
  pass(): Promise<void> {
    this.#arrive()
    return this.#opened
  }

  /** For the test. */
  open(): void {
    this.#open()
  }
}

/** Gates by name, made when they are first asked for. */
export class Gates {
  readonly #gates = new Map<string, Gate>()

  pass(name: string): Promise<void> {
    return this.#gate(name).pass()
  }

  arrived(name: string): Promise<void> {
    return this.#gate(name).arrived
  }

  open(name: string): void {
    this.#gate(name).open()
  }

  /** The next handler waits again. */
  close(name: string): void {
    this.#gates.delete(name)
  }

  #gate(name: string): Gate {
    const gate = this.#gates.get(name) ?? new Gate()
    this.#gates.set(name, gate)
    return gate
  }
}
