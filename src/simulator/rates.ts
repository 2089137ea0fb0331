/**
 * How often things happen. Each is a probability from 0 to 1; what it is counted over stands beside it.
 * The defaults are livelier than a real fleet, so that an hour of a simulated one shows everything.
 */
export type Rates = {
  // Shares of all computers, decided when the fleet is made.
  /** Owned by a person and enrolled by EnrollmentID, without serial or UDID. */
  readonly personal: number
  readonly iphone: number
  readonly ipad: number
  /** Agent only. */
  readonly linux: number
  /** Agent only. */
  readonly windows: number
  /** Says another computer's hardware UUID, with its own serial. */
  readonly clone: number
  /** Starts with another computer's node key, as a copied disk does. */
  readonly copiedAgent: number
  /** An agent that knows no serial when it enrols. Macs only. */
  readonly sparseAgent: number

  // Shares of company Macs, iPads and iPhones.
  /** In Apple's device list. */
  readonly inAppleList: number
  /** Macs that run an osquery agent. */
  readonly agentOnMac: number
  /** Macs that are enrolled in MDM at all. */
  readonly mdmOnMac: number
  /** Macs whose user has a channel of their own. */
  readonly userChannel: number

  // Per arrival: which channel sees the computer first. What is left of 1 is a random order.
  readonly appleListFirst: number
  readonly mdmFirst: number
  readonly osqueryFirst: number
  /** Of enrolments of computers in Apple's list: waits in Setup Assistant for DeviceConfigured. */
  readonly awaitingConfiguration: number

  // Per command received.
  readonly notNow: number
  readonly error: number
  readonly formatError: number
  /** Does what it was told and never says so. */
  readonly lostReply: number
  /** Loses the answer to its report and sends the report again. */
  readonly repeatReport: number

  // Per round of a computer's life.
  /** How likely the next channel of an arriving computer sees it in this round. */
  readonly arrive: number
  readonly tokenUpdate: number
  readonly bootstrapToken: number
  readonly userAuthenticate: number
  /** The user of a Mac is logged in, so the user channel talks. */
  readonly loggedIn: number
  /** Reports on a command nobody sent. */
  readonly strayReport: number
  /** Leaves by CheckOut, and comes back later. */
  readonly checkOut: number
  /** Enrols again without a CheckOut. */
  readonly reenroll: number
  /** Sleeps for some rounds. */
  readonly asleep: number
  /** Loses the agent's database and enrols it anew. */
  readonly reinstallAgent: number
  readonly agentConfig: number
  readonly agentLog: number
  /** Sends something no server can read. */
  readonly malformed: number

  // Per message of an agent.
  /** Of enrolments: with a secret that is wrong. */
  readonly wrongSecret: number
  /** Of log batches: compressed. */
  readonly gzip: number
}

export const defaultRates: Rates = {
  personal: 0.06,
  iphone: 0.08,
  ipad: 0.08,
  linux: 0.14,
  windows: 0.1,
  clone: 0.02,
  copiedAgent: 0.02,
  sparseAgent: 0.03,
  inAppleList: 0.75,
  agentOnMac: 0.85,
  mdmOnMac: 0.92,
  userChannel: 0.4,
  appleListFirst: 0.4,
  mdmFirst: 0.15,
  osqueryFirst: 0.25,
  awaitingConfiguration: 0.5,
  notNow: 0.08,
  error: 0.04,
  formatError: 0.01,
  lostReply: 0.03,
  repeatReport: 0.03,
  arrive: 0.5,
  tokenUpdate: 0.02,
  bootstrapToken: 0.02,
  userAuthenticate: 0.005,
  loggedIn: 0.6,
  strayReport: 0.003,
  checkOut: 0.003,
  reenroll: 0.003,
  asleep: 0.01,
  reinstallAgent: 0.002,
  agentConfig: 0.1,
  agentLog: 0.2,
  malformed: 0.003,
  wrongSecret: 0.02,
  gzip: 0.5,
}

/** Nothing goes wrong and nobody leaves: for benchmarks, and for tests that plant one thing at a time. */
export const calmRates: Rates = {
  ...defaultRates,
  clone: 0,
  copiedAgent: 0,
  sparseAgent: 0,
  awaitingConfiguration: 0,
  notNow: 0,
  error: 0,
  formatError: 0,
  lostReply: 0,
  repeatReport: 0,
  arrive: 1,
  tokenUpdate: 0,
  bootstrapToken: 0,
  userAuthenticate: 0,
  strayReport: 0,
  checkOut: 0,
  reenroll: 0,
  asleep: 0,
  reinstallAgent: 0,
  malformed: 0,
  wrongSecret: 0,
}
