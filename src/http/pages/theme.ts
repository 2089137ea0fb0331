import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { Theme } from '../../ui/shell.ts'

const cookie = 'muster_theme'

const yearS = 365 * 86_400

/** The server draws the chosen colours, so that no page flashes in the others first. */
export const themeOf = (context: Context): Theme => themeNamed(getCookie(context, cookie))

export const keepTheme = (context: Context, wish: string | null): void =>
  setCookie(context, cookie, themeNamed(wish ?? undefined), {
    path: '/',
    sameSite: 'Lax',
    maxAge: yearS,
  })

const themeNamed = (name: string | undefined): Theme =>
  name === 'light' || name === 'dark' ? name : 'auto'
