// What the operators' API is given. It translates; everything that decides is in here.
import type { Logger } from 'pino'
import type { Queries } from '../../../storage/queries.ts'
import type { Store } from '../../../storage/store.ts'
import type { Backups } from '../../backup/backups.ts'
import type { Schedule } from '../../backup/schedule.ts'
import type { Commands } from '../../intake/commands.ts'
import type { DepIntake } from '../../intake/dep.ts'
import type { Certificates } from '../../intake/certificates.ts'
import type { EnrollmentLinks } from '../../intake/enrollment-links.ts'
import type { EnrollSecrets } from '../../intake/enroll-secrets.ts'
import type { OsqueryRefusals } from '../../intake/osquery-refusals.ts'
import type { PushCertificates } from '../../intake/push-certificates.ts'
import type { Profiles } from '../../intake/profiles.ts'
import type { Reconcile } from '../../intake/reconcile-type.ts'
import type { Renewals } from '../../intake/renewals.ts'
import type { Tokens } from '../../intake/tokens.ts'
import type { WebhookDeliveries } from '../../intake/webhook-deliveries.ts'
import type { Webhooks } from '../../intake/webhooks.ts'
import type { Hosts } from '../../runtime/hosts.ts'
import type { World } from '../../runtime/world.ts'
import type { Sealing } from '../../secrets/sealing.ts'
import type { StateShape } from '../../ui/diagram/chart.ts'
import type { Diagrams } from '../../ui/diagram/layout.ts'
import type { Authenticate } from '../auth.ts'
import type { Reading } from '../reading/reading.ts'
import type { CommandContext } from '../../../machines/command.ts'
import type { CommandRow } from '../../../storage/rows.ts'

export type ApiDeps = {
  readonly hosts: Hosts
  readonly store: Store
  readonly queries: Queries
  readonly sealing: Pick<Sealing, 'open'>
  /** For bodies that take too long to read where everybody waits. */
  readonly reading: Reading
  readonly world: World
  readonly commands: Commands
  /** What a command's actor knows, from its row. */
  readonly commandContext: (row: CommandRow) => CommandContext
  readonly tokens: Tokens
  readonly enrollSecrets: EnrollSecrets
  readonly enrollment: {
    readonly certificates: Certificates
    readonly links: EnrollmentLinks
    readonly renewals: Pick<Renewals, 'renew'>
    readonly profiles: Pick<Profiles, 'lacks'>
    /** Where devices reach the server; where the request came when undefined. */
    readonly publicUrl: string | undefined
  }
  readonly webhooks: Webhooks
  readonly webhookDeliveries: WebhookDeliveries
  readonly reconcile: Reconcile
  readonly pushCertificates: PushCertificates
  readonly backups: Backups
  /** Undefined when the server makes no backups by itself. */
  readonly backupSchedule: Schedule | undefined
  /** What agents were refused lately. */
  readonly osqueryRefusals: Pick<OsqueryRefusals, 'of'>
  readonly dep: DepIntake
  readonly machines: Machines
  readonly diagrams: Diagrams
  readonly authenticate: Authenticate
  /** 32 bytes that stay the same over restarts. */
  readonly cursorKey: Uint8Array
  readonly log: Pick<Logger, 'error'>
  readonly version: string
  /** Ends the live streams, so that a server can stop. */
  readonly closing: AbortSignal
}

/** An XState machine as far as its definition is told. */
type MachineDefinition = {
  readonly version: number
  readonly machine: {
    readonly id: string
    readonly root: StateShape
    readonly definition: unknown
  }
}

type Machines = Readonly<Record<'host' | 'command', MachineDefinition>>
