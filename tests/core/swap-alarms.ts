/** What happens when, in a simulation of swapping? Alarms in order of time, then in the order they were set. */

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

export class Alarms {
  readonly #alarms: Alarm[] = [];

  /** Time of the next one; undefined when none is set. */
  get nextAt(): number | undefined {
    return this.#alarms[0]?.at;
  }

  set(at: number, ring: () => void): void {
    let low = 0;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#alarms[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#alarms.splice(low, 0, { at, ring });
  }

  /** Rings everything due, and what that sets for the same moment. */
  ringUntil(now: number): void {
    for (let alarm = this.#alarms[0]; alarm !== undefined && alarm.at <= now; alarm = this.#alarms[0]) {
      this.#alarms.shift();
      alarm.ring();
    }
  }
}
