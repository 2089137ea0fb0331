import { liveAgents, revocation } from './agents.ts'
import { openConflict } from './conflicts.ts'
import type { Found } from './conflicts.ts'
import type { Consequences, Fresh, IdentityWrite } from './decision.ts'
import type { KnownHost, KnownHosts } from './known.ts'
import { openLedger } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { identityOf } from './settled.ts'
import type { Sighting } from './sighting.ts'

/** A decision in the making. */
export type Draft = {
  readonly known: KnownHosts
  readonly fresh: Fresh
  readonly ledger: Ledger
  write(...writes: readonly IdentityWrite[]): void
  revokeAgents(host: KnownHost): void
  quarantine(hostId: string): void
  release(hostId: string): void
  open(conflict: Omit<Found, 'id' | 'atMs'>): void
  /** Everything so far, for a decision that lands on `hostId`. */
  consequences(hostId: string): Consequences
}

/** A decision about one sighting. */
export type SightingDraft = Draft & { readonly sighting: Sighting }

export function openDraft(known: KnownHosts, fresh: Fresh): Draft {
  const hosts = [...known.hosts.values()]
  const ledger = openLedger([...known.claims, ...hosts.flatMap((host) => host.claims)])
  const writes: IdentityWrite[] = []
  const quarantine = new Set<string>()
  const release = new Set<string>()
  let conflicts = 0
  return {
    known,
    fresh,
    ledger,
    write: (...more) => void writes.push(...more),
    revokeAgents: (host) =>
      void writes.push(...liveAgents(host.agents).map((row) => revocation(row, fresh.atMs))),
    quarantine: (hostId) => void quarantine.add(hostId),
    release: (hostId) => void release.add(hostId),
    open: (found) => {
      const id = conflicts === 0 ? fresh.conflictId : `${fresh.conflictId}-${conflicts}`
      conflicts += 1
      const row = openConflict({ ...found, id, atMs: fresh.atMs })
      writes.push({ put: 'conflict', row })
    },
    consequences: (hostId) => {
      const claimWrites = ledger.writes()
      const changed = new Set([hostId, ...quarantine, ...claimWrites.map(hostOf)])
      return {
        writes: [...claimWrites, ...writes],
        revoked: writes.flatMap((write) => revokedBy(write, fresh.atMs)),
        quarantine: [...quarantine],
        release: [...release],
        settled: [...changed]
          .filter((id) => id === hostId || ledger.of(id).length > 0)
          .map((id) => ({
            hostId: id,
            identity: identityOf(ledger.of(id)),
            quarantined: isQuarantined(id),
          })),
      }
    },
  }

  function isQuarantined(hostId: string): boolean {
    if (quarantine.has(hostId)) return true
    return known.hosts.get(hostId)?.quarantined === true && !release.has(hostId)
  }
}

function hostOf(write: IdentityWrite): string {
  if ('drop' in write) return write.host_id
  if ('put' in write && write.put === 'claim') return write.row.host_id
  throw new Error('a ledger writes claims only')
}

const revokedBy = (write: IdentityWrite, atMs: number): readonly string[] =>
  'put' in write && write.put === 'agent' && write.row.revoked_at === atMs
    ? [write.row.node_key_hash]
    : []
