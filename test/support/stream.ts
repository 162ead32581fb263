import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

/** Reads an answer until it ends: its first part, and what follows. */
export async function readStream(
  url: string,
  cookie: string,
): Promise<{ first: string; rest: Promise<string> }> {
  const [answer] = (await once(get(url, { headers: { cookie } }), 'response')) as [IncomingMessage]
  answer.setEncoding('utf8')
  const [first] = await once(answer, 'data')
  const rest = (async () => {
    let text = ''
    for await (const part of answer) text += part
    return text
  })()
  return { first, rest }
}
