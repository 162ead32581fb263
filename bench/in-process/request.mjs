// What stands in for Node's request and response: just enough for Koa, the same for every variant,
// so that nothing but Koa and the middleware is on the clock.

const SOCKET = { encrypted: false, writable: true, readable: true, on() {}, removeListener() {} }

class Request {
  method = 'GET'
  url = '/'
  httpVersionMajor = 1
  httpVersionMinor = 1
  complete = true
  socket = SOCKET

  constructor(cookie) {
    // As many as a browser sends at least; a fresh object, as Node's parser makes one each time.
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
  // Koa waits for the end of a response; nobody here tells it, and nobody needs to.
  on() {}
  removeListener() {}
}

/** One request through an app; its response, once Koa is done with it. */
export async function send(callback, cookie) {
  const response = new Response()
  await callback(new Request(cookie), response)
  return response
}

/** The Cookie header that a browser would send after this response; undefined: it got no cookie. */
export function cookieOf({ headers }) {
  return headers['set-cookie']?.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
}
