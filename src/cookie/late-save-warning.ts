/** Warns once that sessions are saved too late for their cookie. */
export class LateSaveWarning {
  #hasWarned = false

  note(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      'A session was saved after the headers of its answer were sent, so its cookie could not be: a new session is then not stored. Await ctx.saveSession() before the answer begins.',
      { code: 'KOA_SESS_LATE_SAVE' },
    )
  }
}
