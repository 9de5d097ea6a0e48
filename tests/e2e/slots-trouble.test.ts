/** What becomes of callers when a model's server dies, has to go, or the router itself is told to leave? */
import { describe, expect, test } from 'bun:test';
import { type SlotsWorld, startSlotsWorld } from '#tests/e2e/slots-world';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import { chatSeen, messagesSeen, readerOf, type StreamSeen } from '#tests/support/sse';
import { responsesSeen } from '#tests/support/sse-responses';

const LIMIT_MS = 60_000;
/** An answer that goes on until it is ended from outside. */
const LONG = ['--script-tokens', '100000', '--script-token-ms', '10'];

const decisionOf = ({ headers }: Response): string => headers.get('x-anvil-decision') ?? '';
const USER = { role: 'user', content: 'hello' };
