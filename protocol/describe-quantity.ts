import type { Limit } from './limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** "1 MiB", "46.5 KiB", "300 s", "7 days", "256", "60 per minute": a quantity as a person reads it. */
export function describeQuantity(value: number, unit: Limit['unit']): string {
  if (unit === 'bytes') return describeBytes(value);
  if (unit === 'ms') return describeTime(value);
  if (unit === 'per minute') return `${value} per minute`;
  return unit === 'characters' ? `${value} characters` : `${value}`;
}

function describeBytes(bytes: number): string {
  if (bytes < KIB) return `${bytes} bytes`;
  const [size, name] = bytes < MIB ? [KIB, 'KiB'] : bytes < GIB ? [MIB, 'MiB'] : [GIB, 'GiB'];
  return `${Number((bytes / size).toFixed(1))} ${name}`;
}

function describeTime(ms: number): string {
  if (ms >= DAY_MS && ms % DAY_MS === 0) return ms === DAY_MS ? '1 day' : `${ms / DAY_MS} days`;
  if (ms >= HOUR_MS && ms % HOUR_MS === 0) return `${ms / HOUR_MS} h`;
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
