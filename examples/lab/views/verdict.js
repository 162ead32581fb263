import { html } from '../html.js'

/** What a fault is, where a scene has no text for it. */
const FAULTS = {
  revived: 'An ended session is back',
  lost: 'A change is lost',
  moved: 'The cookie changed',
  orphan: 'A session is left over',
  error: 'A request failed',
}

/** What was seen, in the words of the scene: of several faults, the worst. */
export function seen({ right, wrong }, [worst]) {
  return worst ? (wrong[worst] ?? FAULTS[worst]) : right
}

export function verdict(scene, faults) {
  const isRight = faults.length === 0
  return html`<p class="verdict ${isRight ? 'right' : 'wrong'}">${mark(isRight)} <strong>${seen(scene, faults)}</strong>
    <small>${isRight ? 'held' : faults.join(', ')}</small></p>`
}

export function mark(isRight) {
  return html`<span class="mark" aria-hidden="true">${isRight ? '✓' : '✗'}</span>`
}
