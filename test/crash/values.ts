/** What the writer writes: from a few bytes to several pages of the file. */
export function contents(number: number, word: string): string {
  return JSON.stringify({ number, word, filling: word.repeat((number * 37) % 3000) })
}
