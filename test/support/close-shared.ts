import { afterAll } from 'vitest'
import { closeShared } from './shared.js'

// Vitest runs this before each test file.
afterAll(closeShared)
