/** What does one request to a model hold, and how is all of it given back exactly once? */
import type { SlotLease } from '#core/slot-lease';
import type { IdleLimit } from '#server/generate';
import { CALLER_GONE, CUT, type Trouble } from '#server/multiplexer/trouble';
import type { Upstream } from '#upstream/relay';

export interface Visit {
  readonly id: string;
  /** Ends a wait: the caller went away, or the visit was cut. */
  readonly gone: AbortSignal;
  /** Why it was cut; undefined for one that was not. */
  readonly cut: Trouble | undefined;
  readonly ended: boolean;
  /** Takes over a lease, giving it back at once if the visit has ended in the meantime. */
  hold(lease: SlotLease): void;
  /** Takes over a call to the model's server, to be cancelled when the visit ends before it. */
  call(upstream: Upstream): void;
  /** Once the answer has begun: hears of a cut, or of the caller's leaving, and has to end the answer. */
  onOver(tell: (why: Trouble) => void): void;
  /** Ends the answer on our own account. */
  cutOff(why: Trouble): void;
  /** The one place where everything is given back; later calls do nothing. */
  end(): void;
}

export interface Visits {
  /** Undefined when there are as many as may be. */
  open(id: string, request: Request, idle: IdleLimit): Visit | undefined;
  readonly count: number;
  /** How many `cutAll` has cut. */
  readonly cuts: number;
  cutAll(): void;
}

class OpenVisit implements Visit {
  readonly id: string;
  readonly #gone = new AbortController();
  readonly #request: Request;
  readonly #onEnd: () => void;
  #lease: SlotLease | undefined;
  #upstream: Upstream | undefined;
  #tell: ((why: Trouble) => void) | undefined;
  #cut: Trouble | undefined;
  #ended = false;

  constructor(id: string, request: Request, onEnd: () => void) {
    this.id = id;
    this.#request = request;
    this.#onEnd = onEnd;
    request.signal.addEventListener('abort', this.#leave, { once: true });
    if (request.signal.aborted) this.#leave();
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get cut(): Trouble | undefined {
    return this.#cut;
  }

  get ended(): boolean {
    return this.#ended;
  }

  hold(lease: SlotLease): void {
    if (this.#ended) {
      lease.release();
      return;
    }
    this.#lease = lease;
    lease.cut.addEventListener('abort', this.#drainOver, { once: true });
    if (lease.cut.aborted) this.#drainOver();
  }

  call(upstream: Upstream): void {
    this.#upstream = upstream;
    if (this.#ended || this.#gone.signal.aborted) upstream.cancel();
  }

  onOver(tell: (why: Trouble) => void): void {
    this.#tell = tell;
    if (this.#cut) tell(this.#cut);
    else if (this.#gone.signal.aborted) tell(CALLER_GONE);
  }

  cutOff(why: Trouble): void {
    if (this.#ended || this.#cut) return;
    this.#cut = why;
    this.#gone.abort(new Error('cut off'));
    this.#upstream?.cancel();
    this.#tell?.(why);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#request.signal.removeEventListener('abort', this.#leave);
    this.#lease?.cut.removeEventListener('abort', this.#drainOver);
    this.#upstream?.cancel();
    this.#lease?.release();
    this.#onEnd();
  }

  readonly #leave = (): void => {
    this.#gone.abort(new Error('the caller went away'));
    this.#upstream?.cancel();
    this.#tell?.(CALLER_GONE);
  };

  readonly #drainOver = (): void => this.cutOff(CUT);
}

export const createVisits = (max: number): Visits => {
  const open = new Set<Visit>();
  let cuts = 0;
  return {
    open(id, request, idle) {
      if (open.size >= max) return undefined;
      idle.lift(request);
      const visit: Visit = new OpenVisit(id, request, () => {
        open.delete(visit);
        idle.restore(request);
      });
      open.add(visit);
      return visit;
    },
    get count() {
      return open.size;
    },
    get cuts() {
      return cuts;
    },
    cutAll() {
      cuts += open.size;
      for (const visit of [...open]) visit.cutOff(CUT);
    },
  };
};
