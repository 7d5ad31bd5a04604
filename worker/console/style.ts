export const STYLE = `:root { color-scheme: light dark; --ink: #1c2330; --dim: #5b6577; --line: #d9dee7; --paper: #fbfcfe; --card: #ffffff; --accent: #0b5fff; --code: #f1f4f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf2; --dim: #9aa5b8; --line: #2b3444; --paper: #10151d; --card: #171e29; --accent: #7aa7ff; --code: #0c1118; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 2rem; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .5rem 0; }
.lead { font-size: 1.1rem; color: var(--dim); }
.address { display: flex; gap: .75rem; align-items: center; margin: 1.5rem 0; padding: .85rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.address code { flex: 1; overflow-wrap: anywhere; }
code, pre { font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
section.client { border: 1px solid var(--line); border-radius: 10px; background: var(--card); margin: .75rem 0; overflow: hidden; }
section.client header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .65rem 1rem; border-bottom: 1px solid var(--line); }
section.client h3 { font-size: 1rem; margin: 0; }
section.client small { color: var(--dim); display: block; font-weight: normal; }
section.client pre { margin: 0; padding: .85rem 1rem; background: var(--code); white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; font-size: .875rem; padding: .35rem .9rem; border-radius: 7px; border: 1px solid var(--accent); background: transparent; color: var(--accent); cursor: pointer; white-space: nowrap; min-width: 6.5rem; }
button:hover, button:focus-visible { background: var(--accent); color: var(--card); }
footer { margin-top: 3rem; color: var(--dim); font-size: .875rem; }
`;
