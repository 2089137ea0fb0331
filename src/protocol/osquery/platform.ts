import type { Json } from './json.ts'

export type Platform = 'darwin' | 'linux' | 'windows' | 'freebsd' | 'unknown'

/**
 * The platform in `platform_type`: a bit mask written as text (`"21"` is POSIX + BSD + macOS).
 *
 * Source: osquery, `PlatformType`. The narrow bits decide; macOS and FreeBSD also carry BSD and POSIX.
 */
export function platformOfType(value: Json | undefined): Platform {
  const mask = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value
  if (typeof mask !== 'number' || !Number.isInteger(mask) || mask < 0 || mask > maskMax) {
    return 'unknown'
  }
  return bits.find(([bit]) => (mask & bit) !== 0)?.[1] ?? 'unknown'
}

/** The platform by `os_version.platform` and `platform_like`, where Linux goes by its distributions' names. */
export function platformOfName(platform: string | undefined, like: string | undefined): Platform {
  const names = `${platform ?? ''} ${like ?? ''}`.toLowerCase().split(/\s+/)
  if (names.includes('darwin')) return 'darwin'
  if (names.includes('windows')) return 'windows'
  if (names.includes('freebsd')) return 'freebsd'
  return names.some((name) => distributions.has(name)) ? 'linux' : 'unknown'
}

const maskMax = 0x3ff
const bits: readonly (readonly [number, Platform])[] = [
  [16, 'darwin'],
  [32, 'freebsd'],
  [8, 'linux'],
  [2, 'windows'],
]

const distributions: ReadonlySet<string> = new Set(
  `linux ubuntu debian rhel centos fedora rocky almalinux ol amzn arch manjaro gentoo alpine sles suse
   opensuse opensuse-leap opensuse-tumbleweed linuxmint pop kali raspbian nixos void chrome`.split(
    /\s+/,
  ),
)
