// Where a device wants to be woken, as it told us in its TokenUpdate.
import { readPlist } from '../protocol/plist/read.ts'
import { isDict } from '../protocol/plist/value.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Sealing } from '../secrets/sealing.ts'

export type PushAddress = { readonly token: Uint8Array; readonly magic: string }

/** Opens the sealed address. Fails where there is none, or none that can be read. */
export const createPushAddresses =
  (sealing: Pick<Sealing, 'open'>) =>
  async (ref: string): Promise<Result<PushAddress, 'unreadable'>> => {
    const opened = await sealing.open(ref)
    const read = opened.ok ? readPlist(opened.value) : undefined
    if (read?.ok !== true || !isDict(read.value)) return fail('unreadable')
    const { Token: token, PushMagic: magic } = read.value
    return token instanceof Uint8Array && typeof magic === 'string'
      ? ok({ token, magic })
      : fail('unreadable')
  }
