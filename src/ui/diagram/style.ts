import { createHash } from 'node:crypto'

const light = `
  --chart-ground: #ffffff;
  --chart-ink: #1f2328;
  --chart-quiet: #656d76;
  --chart-frame: #d0d7de;
  --chart-frame-fill: transparent;
  --chart-box: #f6f8fa;
  --chart-line: #57606a;
  --chart-never: #8c959f;
  --chart-lit: #1a7f37;
  --chart-lit-fill: #dafbe1;
  --chart-last: #0969da;
`

const dark = `
  --chart-ground: #0d1117;
  --chart-ink: #e6edf3;
  --chart-quiet: #9198a1;
  --chart-frame: #3d444d;
  --chart-frame-fill: transparent;
  --chart-box: #161b22;
  --chart-line: #9198a1;
  --chart-never: #6e7681;
  --chart-lit: #3fb950;
  --chart-lit-fill: #12361f;
  --chart-last: #58a6ff;
`

/**
 * The diagrams' stylesheet, for the page's own or inside a file.
 *
 * The system's colour scheme decides; `data-theme="light"` or `"dark"` on the document element overrules it.
 * `.diagram-pair` around a wide and a narrow drawing shows the one that fits; `.outline` is the text alternative.
 */
export const diagramStyle = `
:root {${light}}
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${dark}} }
:root[data-theme="dark"] {${dark}}
:root.diagram { background: var(--chart-ground); }
.diagram { display: block; max-width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.diagram text { fill: var(--chart-ink); dominant-baseline: central; }
.diagram .name { font-size: 13px; text-anchor: middle; }
.diagram .title { font-size: 13px; font-weight: 600; }
.diagram .words { font-size: 11px; }
.diagram .count { font-size: 11px; font-weight: 400; fill: var(--chart-last); }
.diagram .name + .count { text-anchor: middle; }
.diagram .box { fill: var(--chart-box); stroke: var(--chart-frame); stroke-width: 1.25; }
.diagram .compound > .box, .diagram .parallel > .box, .diagram .compound > a > .box, .diagram .parallel > a > .box { fill: var(--chart-frame-fill); }
.diagram .inner { fill: none; stroke: var(--chart-frame); stroke-width: 1; }
.diagram .parallel > .state > .box, .diagram .parallel > .state > a > .box { stroke-dasharray: 6 4; }
.diagram .dot { fill: var(--chart-lit); visibility: hidden; }
.diagram .initial { fill: var(--chart-ink); }
.diagram .line, .diagram .reach { fill: none; }
.diagram .line { stroke: var(--chart-line); stroke-width: 1.25; }
.diagram .reach { stroke: transparent; stroke-width: 10; }
.diagram .arrow { fill: var(--chart-line); }
.diagram .never > .line { stroke: var(--chart-never); stroke-dasharray: 2 3; }
.diagram .never > .arrow { fill: var(--chart-never); }
.diagram .never > .words { fill: var(--chart-quiet); }
.diagram .lit > .box, .diagram .lit > a > .box, .diagram .lit > .inner, .diagram .lit > a > .inner { stroke: var(--chart-lit); stroke-width: 2; }
.diagram .lit > .inner, .diagram .lit > a > .inner { stroke-width: 1; }
.diagram .lit:not(.compound, .parallel) > .box, .diagram .lit:not(.compound, .parallel) > a > .box { fill: var(--chart-lit-fill); }
.diagram .lit > .dot, .diagram .lit > a > .dot { visibility: visible; }
.diagram .last > .line { stroke: var(--chart-last); stroke-width: 2.25; stroke-dasharray: none; }
.diagram .last > .arrow { fill: var(--chart-last); }
.diagram .last > .words { fill: var(--chart-last); font-weight: 600; }
.diagram .edge:hover > .line { stroke-width: 2.25; }
.diagram a:hover .name, .diagram a:hover .title { text-decoration: underline; }
.diagram a:focus-visible > .box { stroke: var(--chart-last); stroke-width: 3; }
.diagram a:focus-visible { outline: none; }
@media (prefers-reduced-motion: no-preference) { .diagram .box, .diagram .line, .diagram .arrow { transition: fill 0.25s, stroke 0.25s; } }
.diagram-pair { overflow-x: auto; }
.diagram-pair > .diagram-down { display: none; max-width: none; }
@media (max-width: 50rem) { .diagram-pair > .diagram-right { display: none; } .diagram-pair > .diagram-down { display: block; margin: 0 auto; } }
.outline .here { color: var(--chart-lit); font-weight: 600; }
.outline li:not(.lit) > .here { display: none; }
.outline .last { color: var(--chart-last); font-weight: 600; }
`

/** What a Content-Security-Policy must allow in `style-src` for a diagram served as a file. */
export const diagramStyleSource = `'sha256-${createHash('sha256').update(diagramStyle).digest('base64')}'`
