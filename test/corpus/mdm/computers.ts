// Devices of every kind that enrols, by what their messages say of them. All identifiers are invented.
import type { Buildable } from '../../../src/protocol/plist/build.ts'

export type Keys = Readonly<Record<string, Buildable>>

/** Who speaks: the identifiers in each of its messages, and what its Authenticate adds. */
export type Computer = {
  readonly name: string
  readonly ids: Keys
  readonly about: Keys
  /** Of channels of users: the device enrols, they only come after it. */
  readonly user?: Keys
}

const topic = 'com.apple.mgmt.External.6f1e2d3c-4b5a-4978-8d6c-5b4a39281706'

const about = (ProductName: string, more: Keys = {}): Keys => ({
  Topic: topic,
  OSVersion: '26.1',
  BuildVersion: '25B78',
  ProductName,
  ...more,
})

const mac: Computer = {
  name: 'a Mac',
  ids: { UDID: '0C1D2E3F-4A5B-4C6D-8E7F-901A2B3C4D5E' },
  about: about('Mac15,3', {
    SerialNumber: 'C02VALID0001',
    DeviceName: 'Werkstatt – Émile’s Mac',
    Model: 'Mac15,3',
    ModelName: 'MacBook Pro',
  }),
}
const pad: Computer = {
  name: 'a Shared iPad',
  ids: { UDID: '00008103-001A2B3C4D5E001E' },
  about: about('iPad13,8', { SerialNumber: 'DMPVALID0002', DeviceName: 'iPad 12' }),
}
const personal: Computer = {
  name: 'a personal iPhone',
  ids: { EnrollmentID: 'E1D2C3B4-A596-4877-8695-A4B3C2D1E0F9' },
  about: about('iPhone16,1'),
}

export const computers: readonly Computer[] = [
  mac,
  {
    ...mac,
    name: 'the user of a Mac',
    user: {
      UserID: 'A0B1C2D3-E4F5-4061-8273-84950A1B2C3D',
      UserShortName: 'emile',
      UserLongName: 'Émile Zátopek',
    },
  },
  pad,
  {
    ...pad,
    name: 'the user of a Shared iPad',
    user: {
      UserID: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
      UserShortName: 'pupil@school.example',
      UserLongName: '小学生',
    },
  },
  personal,
  {
    name: 'the user of a personal Mac',
    ids: { EnrollmentID: 'B4A59687-7869-4A5B-8C3D-2E1F00112233' },
    about: about('Mac14,2'),
    user: {
      EnrollmentUserID: 'C5B6A798-8970-4B6C-9D4E-3F2011223344',
      UserShortName: 'ada',
      UserLongName: 'Ada',
    },
  },
  {
    name: 'an Apple TV',
    ids: { UDID: '00008110-000A1B2C3D4E5F60' },
    about: about('AppleTV14,1', { SerialNumber: 'TVVALID00003', DeviceName: 'Foyer' }),
  },
  {
    name: 'an iPhone of old, whose UDID has forty digits',
    ids: { UDID: '0123456789abcdef0123456789abcdef01234567' },
    about: about('iPhone8,1', {
      SerialNumber: 'F2LVALID0004',
      IMEI: '35 000000 000000 0',
      MEID: '35000000000000',
    }),
  },
  {
    name: 'a Vision Pro',
    ids: { UDID: '00008122-000F1E2D3C4B5A69' },
    about: about('RealityDevice14,1', { SerialNumber: 'RDVALID00005', DeviceName: '' }),
  },
  {
    name: 'a virtual Mac',
    ids: { UDID: '1F2E3D4C-5B6A-4798-8190-A1B2C3D4E5F6' },
    about: about('VirtualMac2,1', { SerialNumber: 'ZVALID000006', DeviceName: 'vm' }),
  },
]
