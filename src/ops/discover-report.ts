/** What does a person read about discovery: what answers where, what becomes a tier, what does not and why? */
import { CONTEXT_ASSUMED, type FoundTier, sizeText } from '#ops/discover-config';
import type { Found, FoundEngine, SkippedModel } from '#ops/discover-models';

const REMEDY: Readonly<Record<Exclude<Found['outcome'], 'engine'>, string>> = {
  anvil: 'left out: point your harness at one router only',
  gateway: 'left out: add it to a configuration as a tier, with `privacy = "cloud"` if it costs money',
  locked: 'left out: add it to a configuration as a tier and name its key in `auth_env`',
  silent: 'left out: start the router again once it answers',
  'not-ready': 'left out: start the router again once its model is loaded',
  other: 'left out',
};

const hostOf = (origin: string): string => origin.replace(/^https?:\/\//, '');

const tierLine = (tier: FoundTier): string => {
  const guess = tier.contextFrom === 'served' ? '' : tier.contextFrom === 'trained' ? ' by the model' : ' assumed';
  const waits = tier.model.loaded === false ? ', not loaded yet' : '';
  return `  tier ${tier.id}: ${tier.model.id}, ${sizeText(tier.model)}, context ${tier.contextLimit}${guess}${waits}`;
};

const skippedLine = (skipped: readonly SkippedModel[]): string =>
  `  not used: ${skipped.map(({ id, reason }) => `${id} (${reason})`).join(', ')}`;

const engineLines = (found: FoundEngine, tiers: readonly FoundTier[]): readonly string[] => {
  const own = tiers.filter((tier) => tier.found === found);
  const others = found.models.filter((model) => !own.some((tier) => tier.model === model));
  const spare = others.map((model) => ({ id: model.id, reason: 'one fast and one heavy model are enough' }));
  const left = [...found.skipped, ...spare];
  return [
    `${hostOf(found.origin)} is ${found.engine} (${found.evidence})`,
    ...own.map(tierLine),
    ...(own.length === 0 ? ['  no model to route to: load or pull one'] : []),
    ...(left.length === 0 ? [] : [skippedLine(left)]),
  ];
};

const nothing = (endpoints: readonly string[]): readonly string[] => [
  `No model server to route to was found on loopback (asked: ${endpoints.map((url) => url.split(':').at(-1)).join(', ')}).`,
  'Start one and try again, write a configuration (configs/example.toml explains every key),',
  'or see the router at work without any model: serve --demo',
];

/** Lines for a terminal: every address that answered, its tiers, what is left out and why. */
export const reportLines = (
  found: readonly Found[],
  tiers: readonly FoundTier[],
  endpoints: readonly string[],
): readonly string[] => {
  const lines = found.flatMap((one) =>
    one.outcome === 'engine'
      ? engineLines(one, tiers)
      : [`${hostOf(one.origin)}: ${one.detail}; ${REMEDY[one.outcome]}`],
  );
  if (tiers.length === 0) return [...lines, ...nothing(endpoints)];
  const count = `${tiers.length} ${tiers.length === 1 ? 'tier' : 'tiers'}`;
  const guessed = tiers.some((tier) => tier.contextFrom === 'assumed');
  return [
    ...lines,
    `${count}, small before large; nobody has measured these models, so answers are verified before they leave.`,
    ...(guessed
      ? [
          `A context of ${CONTEXT_ASSUMED} is assumed where an engine does not tell its window; a smaller one cuts prompts.`,
        ]
      : []),
  ];
};
