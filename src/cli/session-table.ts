/** One session as the command prints it. Times in epoch ms. */
export interface Row {
  handle: string
  /** undefined: it is not known. */
  createdAt: number | undefined
  seenAt: number
  expiresAt: number
  bound: boolean
  isListed: boolean
  /** What `users.describe` returned at the login. */
  info: unknown
}

const HEAD = ['HANDLE', 'LOGIN (UTC)', 'SEEN (UTC)', 'ENDS (UTC)', 'LIST', 'INFO']
const GAP = '  '

/** The sessions of a user, one line each. It holds handles, and no ids. */
export function table(rows: Row[]): string {
  if (rows.length === 0) return 'no sessions'
  const lines = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join(GAP)
      .trimEnd(),
  )
  return [...text, `${rows.length} ${rows.length === 1 ? 'session' : 'sessions'}`].join('\n')
}

function cells({ handle, createdAt, seenAt, expiresAt, bound, isListed, info }: Row): string[] {
  const state = isListed ? 'listed' : 'not listed'
  const times = [createdAt, seenAt, expiresAt].map(timeText)
  return [handle, ...times, bound ? `${state}, bound` : state, infoText(info)]
}

/** To the second. A list that was altered may hold any number. */
function timeText(time: number | undefined): string {
  const date = new Date(time ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().slice(0, 19).replace('T', ' ')
}

/** A browser chooses its User-Agent: nothing in it may steer the terminal. */
function infoText(info: unknown): string {
  const escaped = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return (JSON.stringify(info) ?? '').replace(/[^\x20-\x7e]/g, escaped)
}
