/** The packages whose use is rewritten. */
export const PACKAGES = ['koa-session', 'koa-generic-session'] as const
export type PackageName = (typeof PACKAGES)[number]

/** Whether a file imports a package, as far as its text shows. */
export function mentions(text: string, name: PackageName): boolean {
  return ['"', "'", '`'].some((quote) => text.includes(quote + name + quote))
}
