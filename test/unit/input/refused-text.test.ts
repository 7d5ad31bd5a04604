import { describe, expect, test } from 'vitest';
import {
  findRefused,
  MARKUP_KINDS,
  parseMarkupKinds,
  parsePatterns,
  REFUSED_BY_DEFAULT,
  readRefusedText,
} from '../../../worker/input/refused-text.ts';

const found = (text: string) => findRefused(text, REFUSED_BY_DEFAULT);

describe('markup has no business in a name, a title or a description', () => {
  test.each<[string, string]>([
    ['<script>alert(1)</script>', 'an HTML tag'],
    ['Sales<SCRIPT src=//x>', 'an HTML tag'],
    ['</style>', 'an HTML tag'],
    ['<svg/onload=alert(1)>', 'an HTML tag'],
    ['<img src=x>', 'an HTML tag'],
    ['<iframe', 'an HTML tag'],
    ['<script >', 'an HTML tag'],
    ['<a  href="//evil.example">', 'an HTML tag'],
    ['<a href="//evil.example">', 'an HTML tag'],
    ['<x-y style=a>', 'an HTML tag'],
    ['<!-- hidden -->', 'an HTML tag'],
    ['<?php echo 1', 'an HTML tag'],
    ['javascript:alert(1)', 'a script address'],
    ['JaVaScRiPt:alert(1)', 'a script address'],
    ['java\tscript:alert(1)', 'a script address'],
    ['java\nscript:alert(1)', 'a script address'],
    ['vbscript:x', 'a script address'],
    ['data:text/html,<b>', 'a script address'],
    ['x" onerror=alert(1)', 'an event handler'],
    ['" ONCLICK ="a()"', 'an event handler'],
    ['{{constructor.constructor("x")()}}', 'a template'],
    ['$\u007b7*7}', 'a template'],
    ['#{7*7}', 'a template'],
    ['<%= 7*7 %>', 'a template'],
    ['{% debug %}', 'a template'],
    ['<#assign x=1>', 'a template'],
  ])('%s', (text, what) => {
    expect(found(text)).toMatch(new RegExp(`^holds ${what}`));
  });
});

describe('what people write in a name or description is no markup', () => {
  test.each([
    'Revenue < cost && margin > 5; see notes',
    'JavaScript: The Good Parts',
    'Java scripts: an overview',
    'Sales data: 2026/Q1, EMEA',
    'if a <b and c = 3',
    'x < y > z',
    'writes reports/<title>.md and <source>.csv',
    'writes <images>.csv and <scripts>.txt',
    'writes <imgs>.csv',
    'Turn on input = high',
    'Onset=5, condition=ok, once=1, only=this',
    'Costs in $ {see below}',
    '{"a": {"b": 1}}',
    '50 % < 60 %',
    "O'Neill & Söhne",
    '<3',
    'email <ann@example.com>',
    'C# {draft}',
  ])('%s', (text) => {
    expect(found(text)).toBeNull();
  });
});

describe('the operator decides', () => {
  test('which kinds of markup are refused', () => {
    expect(parseMarkupKinds('none')).toEqual([]);
    expect(parseMarkupKinds(' none ')).toEqual([]);
    expect(parseMarkupKinds('template, html_tag')).toEqual(['template', 'html_tag']);
    expect(parseMarkupKinds('html')).toBeNull();
    expect(parseMarkupKinds('')).toBeNull();
    const rules = readRefusedText({ REFUSED_MARKUP: 'html_tag' });
    expect(findRefused('{{name}}', rules)).toBeNull();
    expect(findRefused('<script>', rules)).toMatch(/an HTML tag/);
    expect(readRefusedText({})).toEqual({ markup: MARKUP_KINDS, patterns: [] });
  });

  test('which words are, beyond them', () => {
    const rules = readRefusedText({ REFUSED_PATTERNS: 'confidential  project\\sx[0-9]{4}' });
    expect(findRefused('Very CONFIDENTIAL', rules)).toMatch(/does not take here/);
    expect(findRefused('Project X2041', rules)).toMatch(/does not take here/);
    expect(findRefused('Project X20', rules)).toBeNull();
  });

  test.each([
    ['a repetition', 'a+'],
    ['a star', '.*x'],
    ['a group', '(a|b)'],
    ['a look ahead', '(?=a)'],
    ['a reference back', '\\1'],
    ['an open range', 'a{2,}'],
    ['a long repetition', 'a{99}'],
    ['many optional pieces', 'a?a?a?a?a?'],
    ['an open class', '[a'],
    ['a class the wrong way around', '[z-a]'],
    ['what matches everything', 'a|'],
    ['what matches nothing written', 'a?'],
    ['a lone backslash', '\\'],
    ['a pattern without end', 'a'.repeat(201)],
  ])('and a pattern with %s is none', (_what, pattern) => {
    expect(parsePatterns(pattern)).toBeNull();
    expect(() => readRefusedText({ REFUSED_PATTERNS: pattern })).toThrow();
  });

  test.each(['a', 'a|bc', '[^a-z]x?', '\\bsecret\\b', '\\d{16}', 'a\\.b', '[\\]x]', 'größe', '📈'])(
    'and %s is one',
    (pattern) => {
      expect(parsePatterns(pattern)).toHaveLength(1);
    },
  );
});

test('each handler of an event is one, whatever follows its name', () => {
  const names =
    'abort animationstart auxclick beforeunload blur cancel canplay change click close contextmenu copy cut dblclick drag dragstart drop ended error focus focusin formdata hashchange input invalid keydown keypress keyup load loadeddata message mouseover pagehide pageshow paste play pointerdown popstate reset resize scroll scrollend search select selectstart show submit toggle touchstart transitionend unload wheel';
  for (const name of names.split(' '))
    for (const text of [`on${name}=x`, `a on${name} =x`, `ON${name.toUpperCase()}=x`])
      expect([text, findRefused(text, REFUSED_BY_DEFAULT)]).toEqual([
        text,
        expect.stringContaining('event handler'),
      ]);
  for (const text of ['common=x', 'on=x', 'onwards = yes', 'button: on, load = 3'])
    expect([text, findRefused(text, REFUSED_BY_DEFAULT)]).toEqual([text, null]);
});

test('each kind of tag and address that acts is one', () => {
  for (const text of [
    '<!--',
    '<!DOCTYPE',
    '<?php',
    '<?xml',
    '</script>',
    '<svg/',
    '<iframe',
    '<a href=',
    '<x-y a=',
  ])
    expect([text, findRefused(text, REFUSED_BY_DEFAULT)]).toEqual([text, expect.stringContaining('HTML')]);
  for (const text of [
    'javascript:a',
    'java\nscript:a',
    'vbscript:a',
    'livescript:a',
    'data:text/html,a',
    'data:a/b;c',
  ])
    expect([text, findRefused(text, REFUSED_BY_DEFAULT)]).toEqual([
      text,
      expect.stringContaining('script address'),
    ]);
  for (const text of [
    'javascript: a language',
    'data:text/html',
    'data: a, b',
    '<title>',
    '<a',
    'a < b and c = d',
  ])
    expect([text, findRefused(text, REFUSED_BY_DEFAULT)]).toEqual([text, null]);
});
