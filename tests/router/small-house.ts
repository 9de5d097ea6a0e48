/** A router with three scripted tiers on simulated time, for tests about what happens in between and when. */

import type { DialectName } from '#core/message';
import type { Effects } from '#platform/effects';
import { type House, type HouseOptions, openHouse } from '#tests/simulation/house';
import type { HostCall, HostScript } from '#tests/simulation/scripted-hosts';
import { type Answer, plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { Steps } from '#tests/support/fake-tier-steps';
import { type TwoTiersOptions, twoTiersToml } from '#tests/support/two-tiers';

export const CHAT = '/v1/chat/completions';
export const MESSAGES = '/v1/messages';
export const RESPONSES = '/v1/responses';
export const GREETING = 'Hello! What can I do for you today?';

export interface SmallHouseOptions extends Omit<TwoTiersOptions, 'env' | 'effects' | 'fastUrl'> {
  /** Opens a keyed cloud tier for chat: behind the fast one, or alone. */
  readonly cloud?: 'behind' | 'alone';
  /** More lines of the cloud tier. */
  readonly cloudLines?: string;
  /** By host: `fast-local`, `heavy-local`, `cloud`. A host without a script answers well. */
  readonly scripts?: Readonly<Record<string, (call: HostCall) => HostScript>>;
  readonly reach?: Effects['reach'];
  readonly disturb?: (effects: Effects) => Effects;
  readonly slots?: HouseOptions['slots'];
}

/** Steps without delays, unless said otherwise. */
export const play = (steps: Steps, timing: Partial<Omit<HostScript, 'steps'>> = {}): HostScript => ({
  steps,
  chunkMs: () => 0,
  gateMs: 0,
  refused: false,
  ...timing,
});

export const asksToStream = ({ body }: HostCall): boolean => (JSON.parse(body) as { stream?: boolean }).stream === true;

const dialectOf = ({ path }: HostCall): DialectName => {
  if (path.endsWith('/messages')) return 'anthropic-messages';
  return path.endsWith('/responses') ? 'openai-responses' : 'openai-chat';
};

/** What a sound tier does: the answer, streamed or whole as asked. */
export const answering =
  (answer: Answer = plainAnswer(GREETING), timing: Partial<Omit<HostScript, 'steps'>> = {}) =>
  (call: HostCall): HostScript =>
    play(answerSteps(dialectOf(call), asksToStream(call), answer), timing);

const cloudTier = (dialect: string): string => `
[[router.tiers]]
id = "cloud"
base_url = "http://cloud.test/v1"
dialect = "${dialect}"
context_limit = 100_000
privacy = "cloud"
tool_support = true
auth_env = "TEST_CLOUD_KEY"
model = "large"
cost_input_per_mtok = 10
cost_output_per_mtok = 100
`;

export const smallToml = (options: SmallHouseOptions = {}): string => {
  const toml = twoTiersToml('http://fast-local.test/v1', 'http://heavy-local.test/v1', {
    ...options,
    router: `${options.cloud ? 'metered_cloud = ["chat"]' : ''}\n${options.router ?? ''}`,
  });
  if (!options.cloud) return toml;
  const pool = options.cloud === 'alone' ? '"cloud"' : '"fast-local", "cloud"';
  return `${toml.replace('chat = ["fast-local", "heavy-local"]', `chat = [${pool}]`)}${cloudTier(options.dialect ?? 'openai-chat')}${options.cloudLines ?? ''}`;
};

export const openSmallHouse = (options: SmallHouseOptions = {}): Promise<House> =>
  openHouse({
    toml: smallToml(options),
    env: options.cloud ? { TEST_CLOUD_KEY: 'cloud-key' } : {},
    scriptFor: (call) => (options.scripts?.[call.host] ?? answering())(call),
    ...(options.reach ? { reach: options.reach } : {}),
    ...(options.disturb ? { disturb: options.disturb } : {}),
    ...(options.slots ? { slots: options.slots } : {}),
  });

/** Lets time pass until a promise has settled, and returns what it came to. */
export const passTime = async <Result>({ clock }: House, pending: Promise<Result>): Promise<Result> => {
  let settled = false;
  const noted = pending.finally(() => {
    settled = true;
  });
  noted.catch(() => undefined);
  await clock.advance(0);
  while (!settled) if (!(await clock.advanceToNext())) throw new Error('nothing is left to wait for');
  return noted;
};

/** One request from start to record; the body is read as fast as it comes. */
export const ask = async (house: House, path: string, request: unknown, headers: Record<string, string> = {}) => {
  const { decision, response } = house.post(path, JSON.stringify(request), { headers });
  const answered = await passTime(house, response);
  const body = await passTime(house, answered.text());
  return { status: answered.status, headers: answered.headers, body, record: await house.recorded(decision) };
};
