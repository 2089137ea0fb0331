/** What a script may rely on. The numbers are a promise: they are documented and never change meaning. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  someFailed: 6,
  timedOut: 7,
  unreachable: 8,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** In words, for help and documentation. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.ok, 'it worked'],
  [exitCodes.error, 'an error, such as a command the device answered with Error'],
  [exitCodes.usage, 'the command line is wrong, or the server says a value in it is'],
  [exitCodes.notFound, 'no such host, command, conflict, token or machine'],
  [exitCodes.auth, 'no token, an unknown token, or a role that may not do this'],
  [exitCodes.conflict, 'it does not fit the present state: already sent, ambiguous, not enrolled'],
  [exitCodes.someFailed, 'several targets were named and some or all of them failed'],
  [exitCodes.timedOut, '--timeout passed before the end came'],
  [exitCodes.unreachable, 'no answer from the server'],
  [exitCodes.interrupted, 'interrupted from the keyboard'],
]

export const exitCodeHelp = (): string =>
  [
    'Exit codes:',
    ...exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
  ].join('\n')
