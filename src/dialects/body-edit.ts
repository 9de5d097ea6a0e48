/** How does a caller's own body become a tier's? Collects targeted edits and applies them to the bytes as received. */
import { scanJson, spliceTopLevel } from '#core/json-splice';
import type { JsonObject } from '#core/message';
import type { Tier } from '#core/tier';
import type { Losses } from '#dialects/losses';

/** Fields that name a caller or steer sampling invisibly; a tier gets them only when its `forward` list says so. */
export const DENIED_FIELDS = ['seed', 'user', 'metadata', 'logit_bias'] as const;

export interface BodyEdit {
  /** The member's value after the edits so far; undefined when absent. */
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  remove(name: string): void;
  /** The text with all edits; the same string when there are none. */
  apply(text: string): string;
}

export const createBodyEdit = (raw: JsonObject): BodyEdit => {
  const values = new Map<string, unknown>();
  const removed = new Set<string>();
  const sent = (name: string): unknown => (Object.hasOwn(raw, name) ? raw[name] : undefined);
  const get = (name: string): unknown => {
    if (values.has(name)) return values.get(name);
    return removed.has(name) ? undefined : sent(name);
  };
  return {
    get,
    set(name, value) {
      if (get(name) === value || value === undefined) return;
      values.set(name, value);
    },
    remove(name) {
      values.delete(name);
      if (sent(name) !== undefined) removed.add(name);
    },
    apply(text) {
      if (values.size === 0 && removed.size === 0) return text;
      const set = new Map([...values].map(([name, value]) => [name, JSON.stringify(value)] as const));
      return spliceTopLevel(text, scanJson(text, Number.POSITIVE_INFINITY).members, { set, remove: removed });
    },
  };
};

/** Takes out the denied fields, and names them. */
export const applyDenyList = (edit: BodyEdit, tier: Tier, losses: Losses): void => {
  for (const name of DENIED_FIELDS) {
    if (edit.get(name) === undefined || tier.forward.includes(name)) continue;
    edit.remove(name);
    losses.add(name);
  }
};

/** `extra_body_defaults`: only where the body lacks the key. */
export const applyDefaults = (edit: BodyEdit, tier: Tier): void => {
  for (const [name, value] of Object.entries(tier.extraBodyDefaults ?? {})) {
    if (edit.get(name) === undefined) edit.set(name, value);
  }
};

/** `extra_body`: the operator's last word. */
export const applyOverrides = (edit: BodyEdit, tier: Tier): void => {
  for (const [name, value] of Object.entries(tier.extraBody ?? {})) edit.set(name, value);
};

/** A rendered body with the tier's defaults below it and its overrides on top. */
export const withTierBody = (body: JsonObject, tier: Tier): JsonObject => ({
  ...tier.extraBodyDefaults,
  ...body,
  ...tier.extraBody,
});

/** The smaller of two limits, either of which may be missing. */
export const lesser = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : other === undefined ? one : Math.min(one, other);
