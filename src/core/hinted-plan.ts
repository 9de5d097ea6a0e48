/** How do the tiers that a hint suggests and those the model name asks for become one plan? The hint must only add. */
import type { Candidate, Hint, Plan } from '#core/plan';

const withdraw = (hint: Hint): Hint =>
  hint.from === 'request-class' ? { ...hint, taken: false, why: 'no tier of that class may serve it' } : hint;

/** The plan as the model name asks for it, which says why the hint was not followed. */
const withoutHint = (hinted: Plan, asked: Plan): Plan => {
  const hints = hinted.intent.hints?.map(withdraw);
  return hints === undefined ? asked : { ...asked, intent: { ...asked.intent, hints } };
};

/** A candidate of the asked plan keeps its own verdict, treatment and class. */
const behind = (candidate: Candidate, { intent: { workClass } }: Plan): Candidate => ({
  ...candidate,
  why: [...candidate.why, `behind the tiers of the hint, as ${workClass ?? 'the model name asks'}`],
  ...(workClass === undefined ? {} : { workClass }),
});

const idsOf = (candidates: readonly Candidate[]): readonly string[] => candidates.map(({ tier }) => tier.id);

/** Candidates before the asked plan begins; where its order does not survive, all that the hint has put in front. */
const hintedCount = (all: readonly Candidate[], hinted: Plan, asked: Plan): number => {
  const before = all.length - asked.candidates.length;
  const tail = idsOf(all.slice(Math.max(0, before)));
  const isWhole = idsOf(asked.candidates).every((id, index) => id === tail[index]);
  return isWhole ? before : hinted.candidates.length;
};

/**
 * The tiers of the hint first, then what else the asked plan has. A tier of both is tried once, as the hint has it. The
 * asked plan alone where the hint leads to no tier, or only to unproven ones while the name leads to proven ones.
 * @param hinted the plan with the hint
 * @param asked the plan of the same request without it
 */
export const hintedPlan = (hinted: Plan, asked: Plan): Plan => {
  const isProvenOnlyAsAsked = hinted.unproven && !asked.unproven && asked.candidates.length > 0;
  if (hinted.candidates.length === 0 || isProvenOnlyAsAsked) return withoutHint(hinted, asked);
  const first = new Set(idsOf(hinted.candidates));
  const more = asked.candidates.filter(({ tier }) => !first.has(tier.id)).map((each) => behind(each, asked));
  const candidates = [...hinted.candidates, ...more];
  const serving = new Set(idsOf(candidates));
  const exclusions = hinted.exclusions.filter(({ tier }) => !serving.has(tier));
  const excluded = new Set(exclusions.map(({ tier }) => tier));
  const others = asked.exclusions.filter(({ tier }) => !serving.has(tier) && !excluded.has(tier));
  return {
    ...hinted,
    candidates,
    hinted: hintedCount(candidates, hinted, asked),
    exclusions: [...exclusions, ...others],
  };
};
