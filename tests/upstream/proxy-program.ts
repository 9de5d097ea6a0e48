/** Calls the tier given as the first argument and prints the status; started with HTTP_PROXY set to somewhere else. */
import { bunEffects } from '#platform/bun-effects';
import { isFailure, openUpstream } from '#upstream/relay';

const effects = bunEffects();
const deadlines = { connectMs: 1_000, firstByteMs: 10_000, firstBytePer1kTokensMs: 0, idleMs: 10_000, totalMs: 10_000 };
const url = `${process.argv[2] ?? ''}/v1/chat/completions`;
const upstream = openUpstream(
  { url, headers: {}, body: '{}', deadlines, firstByteMs: 10_000, stream: false },
  effects.openSession(),
  effects.clock,
  () => undefined,
);
const opened = await upstream.opened;
process.stdout.write(isFailure(opened) ? `${opened.kind}: ${opened.detail}` : String(opened.status));
upstream.cancel();
process.exit(0);
