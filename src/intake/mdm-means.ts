// What the parts of the MDM intake share.
import type { Lookups } from '../../storage/store.ts'
import type { Ask } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'
import type { Parties, Party } from './mdm-parties.ts'
import type { Sight } from './sight.ts'

export type MdmMeans = {
  readonly hosts: Hosts
  readonly lookups: Lookups
  readonly sealing: Sealing
  readonly sight: Sight
  readonly world: World
  readonly parties: Parties
}

export const byDevice = ({ channel }: Pick<Party, 'channel'>): Ask['cause'] => ({
  kind: 'device',
  id: channel,
})
