/** The pages of people: bar, forms, tables, messages. Colours come from STYLE, for light and dark alike. */
export const FORM_STYLE = `.bar { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .5rem 1.25rem; padding: .85rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--card); }
.bar .brand { font-weight: 650; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
.bar nav { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.25rem; }
.bar form { margin: 0; }
.bar nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
main.narrow { max-width: 27rem; }
main.wide { max-width: 54rem; }
main.broad { max-width: 68rem; }
main.narrow h1, main.wide h1, main.broad h1 { font-size: 1.6rem; margin-bottom: 1rem; }
.sign-in { float: right; margin: .6rem 0; }
.panel { border: 1px solid var(--line); border-radius: 12px; background: var(--card); padding: 1.25rem 1.4rem 1.4rem; margin: 1rem 0 1.5rem; }
.panel h2 { margin: 0 0 .5rem; }
.panel h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.field { display: block; margin: 1rem 0; }
.field label { display: block; font-weight: 550; margin-bottom: .3rem; }
.field .hint { display: block; color: var(--dim); font-size: .875rem; margin-top: .3rem; }
input:not([type]), input[type=text], input[type=email], input[type=password], input[type=number], input[type=datetime-local], textarea, select { width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--dim); border-radius: 8px; padding: .55rem .75rem; min-height: 2.9rem; }
button.primary { width: 100%; font-size: 1rem; padding: .6rem 1rem; background: var(--accent); color: var(--card); font-weight: 600; margin-top: .5rem; }
button.primary:hover, button.primary:focus-visible { filter: brightness(1.1); outline: 2px solid var(--accent); outline-offset: 2px; }
button.link { border: 0; padding: 0; min-width: 0; font-size: 1rem; color: var(--accent); text-decoration: underline; text-underline-offset: .15em; }
button.link:hover, button.link:focus-visible { background: transparent; color: var(--accent); }
button.quiet { min-width: 0; }
.message { border-left: 4px solid var(--accent); background: var(--code); padding: .75rem 1rem; border-radius: 0 8px 8px 0; margin: 0 0 1rem; }
.message.problem { border-left-color: var(--bad, #c22d2d); }
.scroll { overflow-x: auto; background: linear-gradient(to left, var(--card) 2rem, transparent) right / 3rem 100% no-repeat local, linear-gradient(to left, var(--line), transparent) right / .75rem 100% no-repeat scroll; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th { text-align: left; color: var(--dim); font-weight: 550; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td form { margin: 0; }
td:has(> bdi, > a > bdi) { min-width: 9rem; overflow-wrap: anywhere; }
td time { white-space: nowrap; }
.scroll + form { margin-top: 1rem; }
ul.plain { list-style: none; margin: 0; padding: 0; }
td code { overflow-wrap: anywhere; }
.dim { color: var(--dim); }
.details { display: inline-block; max-width: 26rem; overflow-wrap: anywhere; }
.badge { display: inline-block; font-size: .8rem; padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 99px; color: var(--dim); }
.badge.bad { border-color: var(--bad, #c22d2d); color: var(--ink); }
code.id { font-size: .75rem; color: var(--dim); }
fieldset { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem .7rem; }
legend { font-weight: 550; padding: 0 .3rem; }
.choice, .field .choice { display: block; margin: .35rem 0; font-weight: normal; }
form.inline { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
form.inline select, .confirm select { width: auto; max-width: 100%; min-height: 0; padding: .3rem .5rem; }
.filter { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0 1rem; }
.filter .field { margin: 0 0 .75rem; }
.filter .choice { grid-column: 1 / -1; }
.filter button { justify-self: start; margin-top: .5rem; }
td .confirm form { width: 15rem; }
:is(table, .scroll) + .confirm { margin-top: .8rem; }
.confirm + .confirm { margin-top: .4rem; }
.confirm summary { display: inline-block; list-style: none; font-size: .875rem; padding: .35rem .9rem; border-radius: 7px; border: 1px solid var(--accent); color: var(--accent); cursor: pointer; white-space: nowrap; }
.confirm summary::-webkit-details-marker { display: none; }
.confirm summary:hover { background: var(--accent); color: var(--card); }
.confirm[open] summary { border-color: var(--line); color: var(--dim); background: transparent; }
.confirm form { width: min(100%, 28rem); margin-top: .5rem; padding: .6rem .8rem .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--code); }
.confirm button { max-width: 100%; white-space: normal; overflow-wrap: anywhere; margin-top: .4rem; }
pre.text { max-height: 30rem; overflow: auto; margin: .5rem 0; padding: .75rem 1rem; border-radius: 8px; background: var(--code); white-space: pre-wrap; overflow-wrap: anywhere; }
img.output { max-width: 100%; border-radius: 8px; background: #fff; }
@media (max-width: 40rem) { td time { display: inline-block; min-width: 6.6rem; white-space: normal; } }
.reference { color: var(--dim); font-size: .875rem; margin-top: 1.5rem; }
`;
