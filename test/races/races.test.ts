import { describe } from 'vitest'
import { SOME } from '../support/backends.js'
import { MODES, playAll } from './all.js'

describe.each(SOME)('$name', ({ open }) => playAll(open, MODES))
