import { pg } from './clients.js'
import { cutEach } from './matrix.js'

cutEach('pg', pg)
