export function parse(value: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

export function parsed(value: string): string {
  return JSON.stringify(parse(value)) ?? value
}
