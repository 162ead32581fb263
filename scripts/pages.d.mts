export function withoutDeadLinks(page: string, text: string, files: readonly string[]): string
export function deadLinks(
  page: string,
  text: string,
  read: (file: string) => string | undefined,
): string[]
