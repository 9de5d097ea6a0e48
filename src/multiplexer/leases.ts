/** Which requests hold one model, and how does a lease end? Here alone, and once: later releases find nothing. */
import type { SlotLease } from '#core/slot-lease';

export type LeaseFacts = Omit<SlotLease, 'cut' | 'release'>;

export interface Leases {
  /** A lease of which `onRelease` hears when it is given back by its holder. */
  grant(id: string, facts: LeaseFacts): SlotLease;
  /** Ends leases against the will of their holders, who learn it from `cut`. */
  cut(ids: readonly string[], reason: string): void;
  /** The same for all there are. */
  cutAll(reason: string): void;
  /** Forgets all: their server is gone, and so are their connections to it. */
  drop(): void;
}

export const createLeases = (onRelease: (id: string) => void): Leases => {
  const held = new Map<string, AbortController>();
  const cut = (ids: readonly string[], reason: string): void => {
    for (const id of ids) {
      const controller = held.get(id);
      held.delete(id);
      controller?.abort(new Error(reason));
    }
  };
  return {
    grant(id, facts) {
      const controller = new AbortController();
      held.set(id, controller);
      return {
        ...facts,
        cut: controller.signal,
        release() {
          if (held.delete(id)) onRelease(id);
        },
      };
    },
    cut,
    cutAll: (reason) => cut([...held.keys()], reason),
    drop: () => held.clear(),
  };
};
