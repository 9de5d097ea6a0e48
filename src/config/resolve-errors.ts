/** In which order do the rules of `[[router.errors]]` hold, and for whom? */
import type { ConfigFile, RouterTable } from '#config/schema';
import type { ErrorRule, ErrorSettings } from '#core/error-table';

type RuleTable = NonNullable<RouterTable['errors']>[number];

const toRule = (table: RuleTable): ErrorRule => ({
  outcome: table.outcome,
  ...(table.dialect === undefined ? {} : { dialect: table.dialect }),
  ...(table.status === undefined ? {} : { status: table.status }),
  ...(table.retry_after_seconds === undefined ? {} : { retryAfterSeconds: table.retry_after_seconds }),
  ...(table.should_retry === undefined ? {} : { shouldRetry: table.should_retry }),
  ...(table.text === undefined ? {} : { text: table.text }),
});

/** The rules of one profile, or those for all; with a dialect behind those without, so that they win. */
const rulesOf = (tables: readonly RuleTable[], profile: string | undefined): readonly ErrorRule[] => {
  const rules = tables.filter((table) => table.profile === profile).map(toRule);
  return [...rules.filter(({ dialect }) => dialect === undefined), ...rules.filter(({ dialect }) => dialect)];
};

/** `exhaustion_status`, where the file sets it, is the weakest rule: it holds for every dialect, as it always did. */
export const resolveErrors = ({ router, server }: ConfigFile): ErrorSettings => {
  const tables = router.errors ?? [];
  const { exhaustion_status: status } = router;
  const rules = [
    ...(status === undefined ? [] : [{ outcome: 'exhausted' as const, status }]),
    ...rulesOf(tables, undefined),
  ];
  const tokens = (server?.tokens ?? []).filter(({ error_profile }) => error_profile !== undefined);
  return {
    rules,
    rulesOfToken: new Map(
      tokens.map(({ name, error_profile }) => [name, [...rules, ...rulesOf(tables, error_profile)]]),
    ),
  };
};
