import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'

// What any website does, with sessions or without.
const FILES = ['/style.css', '/races.css', '/client.js']
const MOST_BYTES = 4096
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

export function secureHeaders(ctx, next) {
  ctx.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src data:; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  return next()
}

export async function files(ctx, next) {
  if (!FILES.includes(ctx.path)) return next()
  ctx.type = extname(ctx.path)
  ctx.body = await readFile(new URL(`public${ctx.path}`, import.meta.url))
}

/** SameSite=Lax stops other sites from using a session; this also stops them from logging users in. */
export function sameOrigin(ctx, next) {
  const from = ctx.get('Sec-Fetch-Site')
  if (ctx.method === 'POST' && from && from !== 'same-origin') ctx.throw(403)
  return next()
}

/** Browsers accept secure cookies from localhost. Behind a proxy that terminates TLS, set app.proxy. */
export function trustLocalhost(ctx, next) {
  ctx.cookies.secure ||= LOOPBACK.includes(ctx.hostname)
  return next()
}

export async function readForm(ctx) {
  let text = ''
  for await (const chunk of ctx.req.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_BYTES) ctx.throw(413)
  }
  return new URLSearchParams(text)
}
