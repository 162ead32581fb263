import { ioredis } from './clients.js'
import { cutEach } from './matrix.js'

cutEach('ioredis', ioredis)
