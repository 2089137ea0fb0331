import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextPage, path, previousPage, toggled, withQuery } from '../../src/ui/address.ts'
import { chip } from '../../src/ui/chip.ts'
import { html } from '../../src/ui/html.ts'
import { ago, duration, relative } from '../../src/ui/time.ts'
import { tree } from '../../src/ui/tree.ts'
import { visible } from '../../src/ui/visible.ts'

describe('text in markup', () => {
  test('is escaped in content and in attributes', () => {
    const hostile = `"><script>alert('x')</script>`
    const written = String(html`<p title="${hostile}">${hostile}</p>`)
    expect(written).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>',
    )
  })

  test('whatever it is, no mark of markup survives it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const inner = String(html`<b title="${text}"></b>`).slice(
          '<b title="'.length,
          -'"></b>'.length,
        )
        expect(inner).not.toMatch(/[<>"']/)
        // oxlint-disable-next-line no-control-regex -- these must not be there
        expect(inner).not.toMatch(/[\u0000-\u0008\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  test('nested lists of markup are taken as they are, and texts among them are not', () => {
    expect(String(html`${[[html`<li>one</li>`], '<li>']}`)).toBe('<li>one</li>&lt;li&gt;')
  })

  // prettier-ignore
  const written = [
    ['Ada\u2019s Mac', 'Ada\u2019s Mac'],
    ['abc\u202edef', 'abc⟨U+202E⟩def'],
    ['nul\u0000', 'nul⟨U+0000⟩'],
    ['zero\u200bwidth', 'zero⟨U+200B⟩width'],
    ['tag \u{e0041}', 'tag ⟨U+E0041⟩'],
    ['half \ud800', 'half ⟨U+D800⟩'],
    ['two\nlines\t.', 'two\nlines\t.'],
    ['👩\u200d💻', '👩\u200d💻'],
  ] as const
  test.each(written)('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })
})

describe('addresses', () => {
  const at = (text: string): URL => new URL(text, 'http://muster')

  test('a filter is added to what is chosen and taken away again', () => {
    const once = toggled(at('/hosts?mdm=enrolled&cursor=c&trail=t'), 'mdm', 'authenticated')
    expect(once).toBe('/hosts?mdm=enrolled,authenticated')
    expect(toggled(at(once), 'mdm', 'enrolled')).toBe('/hosts?mdm=authenticated')
    expect(toggled(at('/hosts?mdm=!enrolled&q=a'), 'mdm', '!enrolled')).toBe('/hosts?q=a')
  })

  test('pages turned forward are turned back one by one', () => {
    const second = nextPage(at('/hosts?dep=assigned'), 'c.1')
    const third = nextPage(at(second), 'c.2')
    expect(previousPage(at(third))).toBe(second)
    expect(previousPage(at(second))).toBe('/hosts?dep=assigned')
    expect(previousPage(at('/hosts'))).toBeUndefined()
  })

  test('however far one goes, the address stays short', () => {
    let url = '/hosts'
    for (let page = 0; page < 500; page += 1) url = nextPage(at(url), `${'c'.repeat(100)}${page}`)
    expect(url.length).toBeLessThan(4_000)
  })

  test('a device cannot leave its segment of a path', () => {
    expect(path('hosts', '../../x?y#z')).toBe('/hosts/..%2F..%2Fx%3Fy%23z')
    expect(path('hosts', '\ud800')).toBe('/hosts/%EF%BF%BD')
  })

  test('a changed filter goes back to the first page', () => {
    expect(withQuery(at('/hosts?cursor=c&trail=t&sort=serial'), { q: 'x' })).toBe(
      '/hosts?sort=serial&q=x',
    )
  })
})

describe('times', () => {
  // prettier-ignore
  const said = [
    [-500, 'now'], [-12_000, '12 s ago'], [-190_000, '3 min ago'], [-7_200_000, '2 h ago'],
    [-90 * 86_400_000, '90 d ago'], [65_000, 'in 1 min'],
  ] as const
  test.each(said)('%d ms is said as %s', (ms, words) => {
    expect(relative(ms)).toBe(words)
  })
  test('short spans are said in milliseconds', () => expect(duration(250)).toBe('250 ms'))
  test('never is never', () => expect(String(ago(null, 0))).toContain('never'))
})

test('a state is told by a word beside its mark, and unknown words are shown as they are', () => {
  expect(String(chip('not_now'))).toContain('not now')
  expect(String(chip('<b>'))).toContain('&lt;b&gt;')
})

describe('a tree', () => {
  test('names the path of each member as jq does', () => {
    const shown = String(tree({ List: [{ 'odd key': 1 }] }))
    expect(shown).toContain('data-path=".List"')
    expect(shown).toContain('data-path=".List[0]"')
    expect(shown).toContain('data-path=".List[0][&quot;odd key&quot;]"')
  })

  test('escapes keys and values', () => {
    const shown = String(tree({ '<img src=x onerror=alert(1)>': '<script>' }))
    expect(shown).not.toContain('<img')
    expect(shown).not.toContain('<script')
  })

  test('says how much it leaves out', () => {
    expect(String(tree(Array.from({ length: 600 }, () => 1)))).toContain('and 100 more')
    expect(String(tree('x'.repeat(3_000)))).toContain('3000 characters')
  })

  test('stays small however large the answer is', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 400 }, (_, row) => [row, Array.from({ length: 400 }, () => 'x')]),
    )
    expect(String(tree(wide)).length).toBeLessThan(1_500_000)
  })
})
