import { SCENES } from '../../../bench/races/scenes.mjs'
import { html } from '../html.js'
import { layout } from './layout.js'
import { overview } from './overview.js'
import { clock, describe } from './text.js'
import { timeline } from './timeline.js'
import { verdict } from './verdict.js'

/** The page of one scene, played on every package. */
export function renderRaces({ id, lab, storeName }) {
  const scene = SCENES[id]
  const { packages, measured } = lab
  return layout({
    title: scene.title,
    page: '/',
    main: html`
      <h1>With ${nowrap('koa-sess')}, a slow request cannot undo a logout or another tab's change.</h1>
      <p class="lead">With ${nowrap('koa-session')}, ${nowrap('koa-generic-session')} and ${nowrap('express-session')}
        it can: they write back all that the request read when it began. koa-sess writes what changed, and only
        while the session lives.</p>
      ${overview({ packages, measured, shown: id })}
      ${measurement({ id, packages, measured, storeName })}
      <section class="scene" aria-labelledby="scene">
        <h2 id="scene">${scene.title}</h2>
        <p>${scene.story}</p>
        ${legend(scene)}
        <div class="runs">${packages.map((one) => run(scene, one, measured.results[id][one.name]))}</div>
      </section>
      <p class="next"><a href="/account">Log in, and try more of it: your devices, and a store that fails</a></p>`,
    footer: method(),
  })
}

const nowrap = (name) => html`<span class="nowrap">${name}</span>`

function legend({ order }) {
  return html`
    <p class="legend">1 to ${order.length}: the moments. A, B, C: the sessions, by the id in the cookie. Outlined in red:
      wrong at the end. <strong>held</strong>: nothing went wrong. <strong>lost</strong>: a write was undone.
      <strong>revived</strong>: a session that ended can be used again. <strong>moved</strong>: a late answer changed the
      cookie of the browser. <strong>orphan</strong>: a session remains that no browser can reach.</p>`
}

function measurement({ id, packages, measured: { at, ms, requests }, storeName }) {
  return html`
    <form class="measured" method="post" action="/play">
      <p>Measured at <span class="time">${clock(at)}</span>, in ${ms} ms: ${requests} HTTP requests,
        the same ones to each of ${packages.length} packages, with sessions in ${storeName}. Nothing is
        simulated.</p>
      <input type="hidden" name="scene" value="${id}">
      <button>Measure again</button>
    </form>`
}

function run(scene, { name, version }, result) {
  return html`
    <article class="card run" aria-labelledby="${name}">
      <header>
        <h3 id="${name}">${name} <small>${version}</small></h3>
        ${verdict(scene, result.faults)}
      </header>
      ${timeline(name, scene, result)}
      ${afterwards(scene, result)}
    </article>`
}

function afterwards({ expect }, { moments, next, replayed }) {
  const { browser, store } = moments.at(-1)
  const row = (term, text) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`
  const held = store.map(({ name, data }) => `session ${name}: ${describe(data)}`)
  return html`
    <dl>
      ${row('Browser holds', browser ? `the cookie of session ${browser}` : 'no cookie')}
      ${row('Store holds', held.join('; ') || 'no session')}
      ${expect.has && row('Next request gets', describe(next))}
      ${replayed && row('Old cookie, sent again, gets', loaded(replayed))}
    </dl>`
}

function loaded(data) {
  return Object.keys(data).length > 0 ? `a session: ${describe(data)}` : 'no session'
}

function method() {
  return html`
    <details class="method">
      <summary>How this is measured</summary>
      <p>Each package runs in a process of its own, as its readme says. A request waits in its handler until
        the scene goes on, so the order is the same for all, and does not depend on time. After each step
        the lab asks the store what it holds.</p>
      <p>To add a ticket, koa-sess uses <code>session.update()</code>. The others have no such method: their
        handler reads, waits and writes.</p>
      <p>Every session is stored as JSON. The memory store of koa-generic-session is not used: it gives all
        requests the same object, which no database can. express-session runs with
        <code>resave: false</code> and <code>saveUninitialized: false</code>, which loses the least.</p>
      <p>docs/races.md has more scenes, a fifth package, and the command that measures them on Redis.</p>
    </details>`
}
