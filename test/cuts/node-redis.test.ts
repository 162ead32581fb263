import { nodeRedis } from './clients.js'
import { cutEach } from './matrix.js'

cutEach('node-redis', nodeRedis)
