/** Tiers without sockets: a call to a simulated host plays a script of steps as a Response, on simulated time. */
import type { Clock, FetchLike } from '#platform/effects';
import type { Step, Steps } from '#tests/support/fake-tier-steps';

/** What a host does with one call. */
export interface HostScript {
  readonly steps: Steps;
  /** Milliseconds before each chunk leaves. */
  readonly chunkMs: () => number;
  /** Milliseconds that a `waitFor` step takes here. */
  readonly gateMs: number;
  /** Nobody listens: the connection is refused. */
  readonly refused: boolean;
  /** Aborted when the host dies: whatever it was saying breaks off. */
  readonly dies?: AbortSignal;
}

export type CallEnd = 'complete' | 'broken' | 'aborted' | 'cancelled';

export interface HostCall {
  /** From 1, in order of arrival over all hosts. */
  readonly number: number;
  /** First label of the host name. */
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined while the call is under way. */
  ended: CallEnd | undefined;
  /** Epoch milliseconds of the end. */
  endedAt: number;
  /** Body bytes handed over. */
  bytes: number;
}

export interface ScriptedHosts {
  readonly fetch: FetchLike;
  readonly calls: readonly HostCall[];
}

const coded = (code: string): Error => Object.assign(new Error(`simulated ${code}`), { code });
const bytesOf = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);

type Pause = (ms: number | undefined) => Promise<void>;

/** Waits on the clock, for ever when `ms` is undefined; rejects with the signal's reason when it aborts. */
const pauses =
  (clock: Clock, signal: AbortSignal): Pause =>
  (ms) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        if (timer !== undefined) clock.clearTimeout(timer);
        reject(signal.reason);
      };
      const timer =
        ms === undefined
          ? undefined
          : clock.setTimeout(() => {
              signal.removeEventListener('abort', onAbort);
              resolve();
            }, ms);
      signal.addEventListener('abort', onAbort, { once: true });
    });

const reader = (steps: Steps): (() => Promise<Step | undefined>) => {
  const iterator = Symbol.asyncIterator in steps ? steps[Symbol.asyncIterator]() : steps[Symbol.iterator]();
  return async () => {
    const { done, value } = await iterator.next();
    return done ? undefined : value;
  };
};

interface Playing {
  readonly call: HostCall;
  readonly script: HostScript;
  /** The caller's. */
  readonly signal: AbortSignal;
  readonly pause: Pause;
  readonly next: () => Promise<Step | undefined>;
  /** The first end counts. */
  readonly end: (how: CallEnd) => void;
}

/** Plays up to the reply's head. A reset or a close in front of it is what a stale or dying connection looks like. */
const playHead = async ({ script, pause, next }: Playing): Promise<Extract<Step, { status: number }>> => {
  if (script.refused) throw coded('ECONNREFUSED');
  for (;;) {
    const step = await next();
    if (step === undefined || 'end' in step) return { status: 200 };
    if ('status' in step) return step;
    if ('waitFor' in step) await pause(script.gateMs);
    else if ('hang' in step) await pause(undefined);
    else throw coded('raw' in step ? 'Malformed_HTTP_Response' : 'ECONNRESET');
  }
};

/** Plays on until a chunk is there; undefined at the end of the body. */
const playBody = async ({ script, pause, next }: Playing, bytesLeft: number): Promise<Uint8Array | undefined> => {
  for (;;) {
    const step = await next();
    if (step === undefined || 'end' in step) {
      if (Number.isFinite(bytesLeft) && bytesLeft > 0) throw coded('ECONNRESET');
      return undefined;
    }
    if ('chunk' in step) {
      const bytes = bytesOf(step.chunk);
      const ms = script.chunkMs();
      if (ms > 0) await pause(ms);
      if (bytes.length > 0) return bytes;
    } else if ('waitFor' in step) await pause(script.gateMs);
    else if ('hang' in step) await pause(undefined);
    else throw coded('ECONNRESET');
  }
};

/** The body as fetch gives it: pulled, broken off by the signal at any time, over when it is cancelled. */
const bodyOf = (playing: Playing, length: number): ReadableStream<Uint8Array> => {
  const { call, script, signal, end } = playing;
  let bytesLeft = length;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onAbort = (): void => {
          if (call.ended === undefined) controller.error(signal.reason);
          end('aborted');
        };
        signal.addEventListener('abort', onAbort, { once: true });
        const onDeath = (): void => {
          if (call.ended === undefined) controller.error(coded('ECONNRESET'));
          end('broken');
        };
        script.dies?.addEventListener('abort', onDeath, { once: true });
        if (script.dies?.aborted) onDeath();
      },
      async pull(controller) {
        try {
          const bytes = await playBody(playing, bytesLeft);
          if (call.ended !== undefined) return;
          if (bytes === undefined) {
            end('complete');
            controller.close();
            return;
          }
          bytesLeft -= bytes.length;
          call.bytes += bytes.length;
          controller.enqueue(bytes);
        } catch (error) {
          if (call.ended !== undefined) return;
          end('broken');
          controller.error(error);
        }
      },
      cancel: () => end('cancelled'),
    },
    { highWaterMark: 0 },
  );
};

const lengthOf = (headers: Readonly<Record<string, string>>): number => {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
};

/** @param scriptFor chooses what happens, by the call as far as it is known */
export const createScriptedHosts = (clock: Clock, scriptFor: (call: HostCall) => HostScript): ScriptedHosts => {
  const calls: HostCall[] = [];
  const fetch: FetchLike = async (url, init) => {
    const signal = init.signal ?? new AbortController().signal;
    const { hostname, pathname } = new URL(url);
    const call: HostCall = {
      number: calls.length + 1,
      host: hostname.split('.')[0] ?? '',
      path: pathname,
      headers: { ...(init.headers as Record<string, string>) },
      body: String(init.body),
      ended: undefined,
      endedAt: Number.POSITIVE_INFINITY,
      bytes: 0,
    };
    calls.push(call);
    const script = scriptFor(call);
    const end = (how: CallEnd): void => {
      if (call.ended !== undefined) return;
      call.ended = how;
      call.endedAt = clock.wall();
    };
    const either = script.dies ? AbortSignal.any([signal, script.dies]) : signal;
    const playing: Playing = { call, script, signal, pause: pauses(clock, either), next: reader(script.steps), end };
    try {
      const { status, headers = {} } = await playHead(playing);
      if (either.aborted) throw signal.aborted ? signal.reason : coded('ECONNRESET');
      return new Response(bodyOf(playing, lengthOf(headers)), { status, headers });
    } catch (error) {
      end(signal.aborted ? 'aborted' : 'broken');
      throw error;
    }
  };
  return { fetch, calls };
};
