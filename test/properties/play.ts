import type { Op } from './model.js'
import type { Fault, World } from './world.js'

export type Command =
  | { type: 'begin'; browser: number; ops: Op[]; early: boolean }
  | { type: 'finish'; index: number; fault: Fault | undefined }
  | { type: 'expire'; browser: number }

export async function play(world: World, commands: readonly Command[]): Promise<void> {
  for (const each of commands) {
    if (each.type === 'begin') await world.begin(each.browser, each.ops, each.early)
    else if (each.type === 'expire') await world.expire(each.browser)
    else if (world.pending.length > 0) await world.finish(each.index, each.fault)
    await world.check()
  }
  while (world.pending.length > 0) await world.finish(0, undefined)
  await world.check()
}
