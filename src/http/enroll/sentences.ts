/** Why there is no profile, for whoever holds the device. */
export type Sentence = { readonly status: number; readonly text: string }

export const sentences = {
  'no-such-link': {
    status: 404,
    text: 'This enrolment link is not known. Ask for a new one.',
  },
  revoked: { status: 410, text: 'This enrolment link was revoked. Ask for a new one.' },
  expired: { status: 410, text: 'This enrolment link has run out. Ask for a new one.' },
  'used-up': {
    status: 410,
    text: 'This enrolment link was used as often as it may be. Ask for a new one.',
  },
  'no-such-host': {
    status: 410,
    text: 'This enrolment link was for a computer that is no longer here. Ask for a new one.',
  },
  'not-assigned': {
    status: 403,
    text: 'This device is not assigned to this server in Apple Business or School Manager.',
  },
  'no-topic': {
    status: 503,
    text: 'This server has no push certificate yet: upload one, or set MUSTER_PUSH_TOPIC where devices are simulated.',
  },
  'no-address': {
    status: 503,
    text: 'This server does not know where devices reach it: set MUSTER_PUBLIC_URL.',
  },
  'not-ours': { status: 409, text: 'This device did not enrol with a profile of this server.' },
  unavailable: { status: 503, text: 'Not now. Try again in a moment.' },
  'not-signed': {
    status: 400,
    text: 'This is for devices in Setup Assistant: nothing readable was signed.',
  },
  'unknown-signer': { status: 403, text: 'The signature does not come from an Apple device.' },
  'no-serial': { status: 403, text: 'The device does not say its serial number and UDID.' },
  'no-device': {
    status: 400,
    text: 'This page is for devices in Setup Assistant, which say who they are when they open it.',
  },
} as const satisfies Readonly<Record<string, Sentence>>
