export interface Standard {
  readonly name: string;
  readonly edition: string;
  /** Whether an id is one of this edition. */
  readonly has: (id: string) => boolean;
}

/** `{ 'CC6': 8 }` means CC6.1 to CC6.8. */
const numbered = (counts: Readonly<Record<string, number>>, separator: string) => (id: string) => {
  const at = id.lastIndexOf(separator);
  const number = id.slice(at + separator.length);
  return /^[1-9]\d*$/.test(number) && Number(number) <= (counts[id.slice(0, at)] ?? 0);
};
const listed = (text: string) => {
  const ids = new Set(text.trim().split(/\s+/));
  return (id: string) => ids.has(id);
};
/** `v5.0.0-<chapter>.<section>.<requirement>`, as ASVS 5 says that its ids are written; sections of each chapter. */
const ASVS_SECTIONS = [5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3];
const ASVS = /^v5\.0\.0-([1-9]\d?)\.([1-9])\.([1-9]\d?)$/;

/** The editions that the matrix speaks of; an id of an earlier one is none. */
export const STANDARDS = {
  soc2: {
    name: 'SOC 2 Trust Services Criteria',
    edition: '2017, points of focus of 2022',
    has: numbered(
      { CC1: 5, CC2: 3, CC3: 4, CC4: 2, CC5: 3, CC6: 8, CC7: 5, CC8: 1, CC9: 2, A1: 3, C1: 2, PI1: 5 },
      '.',
    ),
  },
  iso27001: {
    name: 'ISO/IEC 27001, Annex A',
    edition: '2022',
    has: numbered({ 'A.5': 37, 'A.6': 8, 'A.7': 14, 'A.8': 34 }, '.'),
  },
  owasp_top10: {
    name: 'OWASP Top 10',
    edition: '2025',
    has: (id) => /^A(0[1-9]|10):2025$/.test(id),
  },
  owasp_api: {
    name: 'OWASP API Security Top 10',
    edition: '2023',
    has: (id) => /^API([1-9]|10):2023$/.test(id),
  },
  nist_csf: {
    name: 'NIST Cybersecurity Framework',
    edition: '2.0',
    has: listed(`
      GV.OC-01 GV.OC-02 GV.OC-03 GV.OC-04 GV.OC-05
      GV.RM-01 GV.RM-02 GV.RM-03 GV.RM-04 GV.RM-05 GV.RM-06 GV.RM-07
      GV.RR-01 GV.RR-02 GV.RR-03 GV.RR-04 GV.PO-01 GV.PO-02 GV.OV-01 GV.OV-02 GV.OV-03
      GV.SC-01 GV.SC-02 GV.SC-03 GV.SC-04 GV.SC-05 GV.SC-06 GV.SC-07 GV.SC-08 GV.SC-09 GV.SC-10
      ID.AM-01 ID.AM-02 ID.AM-03 ID.AM-04 ID.AM-05 ID.AM-07 ID.AM-08
      ID.RA-01 ID.RA-02 ID.RA-03 ID.RA-04 ID.RA-05 ID.RA-06 ID.RA-07 ID.RA-08 ID.RA-09 ID.RA-10
      ID.IM-01 ID.IM-02 ID.IM-03 ID.IM-04
      PR.AA-01 PR.AA-02 PR.AA-03 PR.AA-04 PR.AA-05 PR.AA-06 PR.AT-01 PR.AT-02
      PR.DS-01 PR.DS-02 PR.DS-10 PR.DS-11
      PR.PS-01 PR.PS-02 PR.PS-03 PR.PS-04 PR.PS-05 PR.PS-06 PR.IR-01 PR.IR-02 PR.IR-03 PR.IR-04
      DE.CM-01 DE.CM-02 DE.CM-03 DE.CM-06 DE.CM-09
      DE.AE-02 DE.AE-03 DE.AE-04 DE.AE-06 DE.AE-07 DE.AE-08
      RS.MA-01 RS.MA-02 RS.MA-03 RS.MA-04 RS.MA-05 RS.AN-03 RS.AN-06 RS.AN-07 RS.AN-08
      RS.CO-02 RS.CO-03 RS.MI-01 RS.MI-02
      RC.RP-01 RC.RP-02 RC.RP-03 RC.RP-04 RC.RP-05 RC.RP-06 RC.CO-03 RC.CO-04`),
  },
  asvs: {
    name: 'OWASP Application Security Verification Standard',
    edition: '5.0.0',
    has: (id) => {
      const [, chapter, section] = ASVS.exec(id) ?? [];
      return chapter !== undefined && Number(section) <= (ASVS_SECTIONS[Number(chapter) - 1] ?? 0);
    },
  },
} as const satisfies Readonly<Record<string, Standard>>;

export type StandardId = keyof typeof STANDARDS;
