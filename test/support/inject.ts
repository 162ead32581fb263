import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type Koa from 'koa'

/** One request to an app without a network in between: thousands of them take a second. */
export function inject(
  handle: ReturnType<Koa['callback']>,
  url: string,
  cookie: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; cookies: string[] }> {
  const request = new IncomingMessage(new Socket())
  request.method = method
  request.url = url
  request.headers = { host: 'localhost', ...headers, ...(cookie && { cookie }) }
  const response = new ServerResponse(request)
  return new Promise((resolve) => {
    response.end = (() => {
      const lines = response.getHeader('set-cookie') ?? []
      resolve({ status: response.statusCode, cookies: [lines].flat().map(String) })
      return response
    }) as typeof response.end
    void handle(request, response)
  })
}
