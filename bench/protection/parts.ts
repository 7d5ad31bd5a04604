/** A change to one of the Worker's sources: `from` stands in it exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What protects a call and can be left out of a build that is measured. The product has no switch for any of it. */
export interface Part {
  readonly name: string;
  readonly edits: readonly Edit[];
}

export interface Build {
  readonly name: string;
  readonly without: readonly Part[];
  /** Whether a target speaks of it. Such a build runs in several processes: two of one build differ by more than a cheap part costs. */
  readonly isJudged: boolean;
}

export const PARTS: readonly Part[] = [
  {
    name: 'audit',
    edits: [
      {
        file: 'worker/audit/call-record.ts',
        from: '  const bytes = utf8(canonicalJson(input ?? null));\n',
        to: "  if (input !== callEvent) return { ...call, details: {}, sha256: '', bytes: 0 };\n  const bytes = utf8(canonicalJson(input ?? null));\n",
      },
      {
        file: 'worker/database/with-tenant.ts',
        from: 'enterTenant(ticket, event), ...queries',
        to: 'enterTenant(ticket, null), ...queries',
      },
    ],
  },
  {
    name: 'masking',
    edits: [
      {
        file: 'protocol/mask-secrets.ts',
        from: '  let masked = text;\n',
        to: '  if (known !== undefined) return text;\n  let masked = text;\n',
      },
    ],
  },
  {
    name: 'validation',
    edits: [
      {
        file: 'worker/input/parse-json.ts',
        from: 'judgeJsonText(text, BOUNDS)',
        to: 'null as JsonFault | null',
      },
      // Each tool is called with one input here, which is parsed once.
      {
        file: 'worker/mcp/parse-arguments.ts',
        from: '  const parsed = tool.input.safeParse(',
        to: '  const once = parsedOnce.get(tool.name);\n  if (once !== undefined) return once;\n  const parsed = tool.input.safeParse(',
      },
      {
        file: 'worker/mcp/parse-arguments.ts',
        from: '  if (parsed.success && faults.length === 0) return { ok: true, input: parsed.data };\n',
        to: '  if (parsed.success && faults.length === 0) {\n    parsedOnce.set(tool.name, { ok: true, input: parsed.data });\n    return { ok: true, input: parsed.data };\n  }\n',
      },
      {
        file: 'worker/mcp/parse-arguments.ts',
        from: 'const FAULTS_MAX = 10;\n',
        to: 'const FAULTS_MAX = 10;\nconst parsedOnce = new Map<string, ParsedArguments>();\n',
      },
    ],
  },
  {
    name: 'limits',
    edits: [
      {
        file: 'worker/http/limit-address.ts',
        from: '    if (address === null) return next();\n',
        to: "    if (address !== '') return next();\n",
      },
      {
        file: 'worker/tenants/tenant-gate.ts',
        from: "take(this.calls.get(token), limit('calls_per_minute'), now)",
        to: '{ ok: true as const, bucket: { tokens: 600, at: now } }',
      },
      {
        file: 'worker/tenants/tenant-gate.ts',
        from: "take(this.tenantCalls, limit('tenant_calls_per_minute'), now)",
        to: '{ ok: true as const, bucket: { tokens: 600, at: now } }',
      },
    ],
  },
];

/** The builds that are measured beside each other: all of it, all but one part, and none of the parts. */
export const BUILDS: readonly Build[] = [
  { name: 'whole', without: [], isJudged: true },
  ...PARTS.map((part) => ({ name: `without ${part.name}`, without: [part], isJudged: false })),
  { name: 'without all four', without: PARTS, isJudged: true },
];
