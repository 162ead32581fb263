import { PassThrough } from 'node:stream'

/** Server-sent events: the line ends with the session, wherever that is ended. */
export function live(ctx) {
  const signal = ctx.sessionSignal
  if (!signal || signal.aborted) {
    // The browser does not ask again.
    ctx.status = 204
    return
  }
  // An open line is no use of the session: it extends nothing.
  ctx.sessionSave = false
  const stream = new PassThrough()
  stream.write(': open\n\n')
  signal.addEventListener('abort', () => {
    stream.end(`event: end\ndata: ${signal.reason.kind}\n\n`)
  })
  ctx.type = 'text/event-stream'
  ctx.body = stream
}
