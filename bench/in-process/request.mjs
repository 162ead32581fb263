// Minimal replacements for Node's request and response, the same for every variant, so that only
// Koa and the middleware are measured.

const SOCKET = { encrypted: false, writable: true, readable: true, on() {}, removeListener() {} }

class Request {
  method = 'GET'
  url = '/'
  httpVersionMajor = 1
  httpVersionMinor = 1
  complete = true
  socket = SOCKET

  constructor(cookie) {
    // The fewest headers that a browser sends, in a new object, as Node's parser creates one.
    this.headers = { host: 'localhost', accept: '*/*', connection: 'keep-alive' }
    if (cookie) this.headers.cookie = cookie
  }
}

class Response {
  statusCode = 200
  statusMessage = undefined
  headersSent = false
  finished = false
  writableEnded = false
  socket = SOCKET
  body = undefined
  headers = {}

  setHeader(name, value) {
    this.headers[name.toLowerCase()] = value
  }
  getHeader(name) {
    return this.headers[name.toLowerCase()]
  }
  hasHeader(name) {
    return this.headers[name.toLowerCase()] !== undefined
  }
  removeHeader(name) {
    delete this.headers[name.toLowerCase()]
  }
  getHeaderNames() {
    return Object.keys(this.headers)
  }
  end(body) {
    this.body = body
    this.headersSent = true
    this.finished = true
    this.writableEnded = true
  }
  // Koa listens for the end of a response. No event is emitted: nothing here depends on it.
  on() {}
  removeListener() {}
}

/** Sends one request through an app. Resolves with the response when Koa has ended it. */
export async function send(callback, cookie) {
  const response = new Response()
  await callback(new Request(cookie), response)
  return response
}

/** The Cookie header that a browser would send after this response; undefined without Set-Cookie. */
export function cookieOf({ headers }) {
  return headers['set-cookie']?.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
}
