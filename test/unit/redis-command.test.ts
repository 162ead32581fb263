import { expect, test } from 'vitest'
import { keyOf, slotOf, withPrefix } from '../../src/stores/redis/command.js'

test.each([
  // What the specification of Redis Cluster and CLUSTER KEYSLOT say.
  ['123456789', 12739],
  ['foo', 12182],
  ['', 0],
  ['{user1000}.following', 3443],
  ['{user1000}.followers', 3443],
  ['user1000', 3443],
  ['foo{bar}{zap}', 5061],
  ['bar', 5061],
  ['foo{{bar}}zap', 4015],
  ['{bar', 4015],
  ['foo{}{bar}', 8363],
  ['ä', 13929],
])('the slot of %j is %i', (key, slot) => {
  expect(slotOf(key)).toBe(slot)
})

test('where the key of a command stands', () => {
  expect(keyOf(['get', 'k'])).toBe('k')
  expect(keyOf(['evalsha', 'sha', '1', 'k', 'x'])).toBe('k')
  expect(keyOf(['eval', 'script', '1', 'k'])).toBe('k')
  expect(keyOf(['scan', '0'])).toBe('')
  expect(withPrefix('p:', ['set', 'k', 'v'])).toEqual(['set', 'p:k', 'v'])
  expect(withPrefix('p:', ['eval', 's', '1', 'k', 'k'])).toEqual(['eval', 's', '1', 'p:k', 'k'])
  expect(withPrefix('p:', ['wait', '1', '5'])).toEqual(['wait', '1', '5'])
})
