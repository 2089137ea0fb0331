import type { Command } from 'commander'
import { ok } from '../result.ts'
import type { Shell } from './call.ts'
import { columnsOf } from './column.ts'
import { exitCodes } from './exit-code.ts'
import { itemText } from './format.ts'

export function addVersion(program: Command, shell: Shell, version: string): void {
  program
    .command('version')
    .description('the version of this program and of the Node it runs on')
    .action(
      shell.runs(async (call) => {
        const look = { name: 'version', columns: columnsOf('MUSTER: version', 'NODE: node') }
        await call.io.stdout.write(itemText(call, look, { version, node: process.version }))
        return ok(exitCodes.ok)
      }),
    )
}
