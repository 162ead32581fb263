/** A pause in a handler, which the test waits for and ends. */
export class Pause {
  readonly reached: Promise<void>
  readonly #over: Promise<void>
  #reach = () => {}
  #end = () => {}

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve
    })
    this.#over = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** For the handler: waits here until the test says so. */
  here(): Promise<void> {
    this.#reach()
    return this.#over
  }

  /** For the test. */
  end(): void {
    this.#end()
  }
}
