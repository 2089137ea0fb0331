// What the parts of the MDM intake share.
import type { Lookups } from '../../storage/store.ts'
import type { Ask } from '../runtime/ask.ts'
import type { Hosts } from '../runtime/hosts.ts'
import type { World } from '../runtime/world.ts'
import type { Sealing } from '../secrets/sealing.ts'
import type { AskDeclarations } from './mdm-declarations.ts'
import type { Party } from './mdm-parties.ts'
import type { NoteRefusal } from './refusals.ts'
import type { Speakers } from './mdm-speakers.ts'
import type { Sight } from './sight.ts'

export type MdmMeans = {
  readonly hosts: Hosts
  readonly lookups: Lookups
  readonly sealing: Sealing
  readonly sight: Sight
  readonly world: World
  readonly speakers: Speakers
  /** Another server that has the fleet's declarations; undefined where there are none. */
  readonly askDeclarations?: AskDeclarations | undefined
  /** Who was not believed, for the journal of the host it concerns. */
  readonly noteRefusal: NoteRefusal
}

export const byDevice = ({ channel }: Pick<Party, 'channel'>): Ask['cause'] => ({
  kind: 'device',
  id: channel,
})
