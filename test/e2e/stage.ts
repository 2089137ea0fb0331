import { type Computer, createComputer, identity, type Identity } from './computer.ts'
import { dropFolder, type Muster, newFolder, startMuster } from './muster.ts'
import { createOperator, type Json, type Operator } from './operator.ts'

/** A server, somebody who may do everything, and computers that nobody has seen yet. */
export type Stage = {
  readonly muster: Muster
  readonly operator: Operator
  newComputer(like?: Partial<Identity>): Computer
  /** A new computer, enrolled in MDM. */
  enrolled(): Promise<Computer>
  /** The one host a reference means; throws when there is none. */
  host(ref: string): Promise<Host>
  /** All hosts whose serial begins like this computer's. */
  hostsOf(computer: Computer): Promise<readonly Json[]>
  close(): Promise<void>
}

type Host = Json & { readonly id: string; readonly epoch: number }

export async function openStage(): Promise<Stage> {
  const folder = newFolder()
  const muster = await startMuster(folder, { MUSTER_LOG_LEVEL: 'silent' })
  const operator = createOperator(muster.url, muster.token)
  let made = 0

  const newComputer: Stage['newComputer'] = (like = {}) => {
    made += 1
    const { url } = muster
    return createComputer({ ...identity(made), ...like, url, enrollSecret: muster.enrollSecret })
  }

  return {
    muster,
    operator,
    newComputer,
    async enrolled() {
      const computer = newComputer()
      await computer.enrolInMdm()
      return computer
    },
    async host(ref) {
      const { status, body } = await operator.get(`/hosts/${ref}`)
      const { id, epoch } = body
      if (status !== 200 || typeof id !== 'string' || typeof epoch !== 'number')
        throw new Error(`${ref} was answered ${status}`)
      return { ...body, id, epoch }
    },
    hostsOf: ({ serial }) => operator.all(`/hosts?q=${serial}`),
    async close() {
      await muster.end('SIGKILL')
      dropFolder(folder)
    },
  }
}
