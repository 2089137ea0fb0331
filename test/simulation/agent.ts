// An osquery agent: enrols, answers the detail queries it is given, and enrols anew when its key is refused.
import type { OsqueryReply } from '../../src/protocol/osquery/reply.ts'
import { readEnroll } from '../../src/protocol/osquery/enroll.ts'
import type { Actor } from './actor.ts'
import type { Hardware } from './computer.ts'

export type AgentManners = {
  /** Enrols with its UUID only, as an agent without rights does. */
  readonly hidesSerial: boolean
  /** Enrols anew out of the blue. */
  reenrol: number
  pauseMs: number
}

export function startAgent(hardware: Hardware, manners: AgentManners, actor: Actor): void {
  const { dice, network, witness, schedule } = actor
  const name = `agent of ${hardware.name}`

  const rest = (then: () => void): void =>
    void schedule.after(
      dice.between(manners.pauseMs / 2, manners.pauseMs * 1.5),
      `${name} wakes`,
      then,
    )

  function enroll(): void {
    const read = readEnroll({
      enroll_secret: 'right',
      platform_type: '21',
      host_details: {
        system_info: {
          uuid: hardware.uuid,
          ...(!manners.hidesSerial && { hardware_serial: hardware.serial }),
          computer_name: hardware.name,
        },
        osquery_info: { instance_id: `instance-${hardware.uuid}` },
      },
    })
    if (!read.ok) throw new Error(read.error.kind)
    network.call<OsqueryReply>({
      tag: `${name} enrols`,
      ask: (doors) => doors.osquery.enroll(read.value),
      answered: (answer) => witness.agentAnswered(answer),
      done(answer) {
        if (answer?.kind === 'enrolled') rest(() => work(answer.nodeKey))
        else rest(enroll)
      },
    })
  }

  function work(nodeKey: string): void {
    if (dice.chance(manners.reenrol)) return enroll()
    const uptime = dice.between(1, 99)
    network.call<OsqueryReply>({
      tag: `${name} writes`,
      async ask({ osquery }) {
        const agent = osquery.agent(nodeKey)
        if (agent === undefined) return { kind: 'node-invalid', error: 'unknown' }
        osquery.read(agent)
        return osquery.write(agent, details(hardware, uptime))
      },
      answered: (answer) => witness.agentAnswered(answer),
      done: (answer) => rest(answer?.kind === 'node-invalid' ? enroll : () => work(nodeKey)),
    })
  }

  rest(enroll)
}

/** Its serial comes along here, whatever it hid when it enrolled: then two hosts turn out to be one. */
const details = ({ serial, uuid, name }: Hardware, uptime: number) => [
  {
    id: 'detail.system_info',
    status: 0,
    rows: [{ uuid, hardware_serial: serial, computer_name: `${name} ${uptime % 3}` }],
  },
]
