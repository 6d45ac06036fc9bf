import { pick } from './pick.ts'
import { via } from 'mailgw'

export default { localMx: { '*': via(pick(['isp', 'backup'])) } }
