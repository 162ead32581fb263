import { expect, test } from 'vitest'
import { processBatch } from '../../src/cli/batch.js'

const records = Array.from({ length: 200 }, (_, at) => ({ key: `${at}`, value: '', expiresAt: 0 }))
const down = new Error('down')

test('a store that does not answer ends the batch with the first records that fail', async () => {
  let tried = 0
  let probes = 0
  const batch = processBatch(
    records,
    async () => {
      tried++
      throw down
    },
    async () => {
      probes++
      await new Promise(setImmediate)
      throw down
    },
    () => undefined,
  )
  await expect(batch).rejects.toBe(down)
  await new Promise(setImmediate)
  expect([tried, probes]).toEqual([16, 1])
})

test('records that fail while the stores answer are counted', async () => {
  const process = async ({ key }: { key: string }) => {
    if (Number(key) % 2) throw down
    return 'copied' as const
  }
  const failures: unknown[] = []
  const probe = async () => undefined
  const counts = await processBatch(records, process, probe, (error) => failures.push(error))
  expect(counts).toMatchObject({ copied: 100, failed: 100 })
  expect(failures).toEqual(Array.from({ length: 100 }, () => down))
})
