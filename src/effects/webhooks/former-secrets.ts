import type { World } from '../../runtime/world.ts'
import type { Subscribers } from './subscribers.ts'

/** Takes away secrets that were replaced and have signed along for as long as they were to. */
export async function forgetFormer(
  subscribers: Subscribers,
  { steady }: Pick<World, 'steady'>,
): Promise<void> {
  for (const { id, former_secret_ref: ref, former_until: until } of subscribers.list()) {
    if (ref === null || until === null || until > steady()) continue
    await subscribers.change(
      id,
      (row) =>
        row.former_secret_ref === ref
          ? { ...row, former_secret_ref: null, former_until: null }
          : undefined,
      [{ drop: 'sealed', ref }],
    )
  }
}
