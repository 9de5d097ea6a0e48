/** How a test and its fakes wait for each other: named gates that open once, instead of sleeping. */

/** Gates one set may hold; a test that needs more has lost track. */
const GATES_MAX = 1000;

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
  isOpen: boolean;
}

/** Named one-way signals. Each may be waited for and released in any order, any number of times. */
export interface Gates {
  /** Resolves once the gate was released, at once when it already was. Rejects when the gates are shut down. */
  wait(name: string): Promise<void>;
  release(name: string): void;
  isReleased(name: string): boolean;
  /** Rejects every wait that is still pending, and every later one. */
  shutDown(reason: Error): void;
}

export const createGates = (): Gates => {
  const gates = new Map<string, Gate>();
  const shut = Promise.withResolvers<never>();
  shut.promise.catch(() => {});

  const gate = (name: string): Gate => {
    const known = gates.get(name);
    if (known !== undefined) return known;
    if (gates.size >= GATES_MAX) throw new Error(`more than ${GATES_MAX} gates in one set, at "${name}"`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const made: Gate = { opened: promise, open: resolve, isOpen: false };
    gates.set(name, made);
    return made;
  };

  return {
    wait: (name) => {
      const found = gate(name);
      return found.isOpen ? Promise.resolve() : Promise.race([found.opened, shut.promise]);
    },
    release: (name) => {
      const found = gate(name);
      found.isOpen = true;
      found.open();
    },
    isReleased: (name) => gates.get(name)?.isOpen === true,
    shutDown: (reason) => shut.reject(reason),
  };
};
