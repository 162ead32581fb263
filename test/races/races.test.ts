import { describe } from 'vitest'
import { SOME } from '../support/backends.js'
import { playAll } from './all.js'
import { MODES } from './modes.js'

describe.each(SOME)('$name', ({ open }) => playAll(open, MODES))
