/** Which keys does `[[router.swap_groups]]` have: who swaps the models that share a GPU? */
import { SWAP_GROUP } from '#config/defaults';
import { flag, listOf, optional, seconds, table, text, variableName } from '#config/kinds';

const swapGroup = table(
  'Who swaps the models of the tiers with this `swap_group`: a multiplexer in this process (`registry`), or one that runs by itself (`url`).',
  {
    name: text('The `swap_group` of its tiers.', { example: '"gpu0"' }),
    registry: optional(
      text('Registry of models for a multiplexer in this process; relative to this file. One registry per router.', {
        defaultNote: 'none: `url` says where it runs',
        example: '"multiplexer.toml"',
      }),
    ),
    url: optional(
      text('Where another multiplexer listens; the `base_url` of its tiers leads there as well.', {
        pattern: '^[hH][tT][tT][pP][sS]?://',
        rule: 'start with http:// or https://',
        example: '"http://127.0.0.1:8001"',
        defaultNote: 'none: `registry` names its models',
      }),
    ),
    auth_env: optional(
      variableName('Variable with the access token of the multiplexer at `url`.', { defaultNote: 'none is sent' }),
    ),
    keep_serves: optional(
      flag(
        'The model servers of `registry` run on when the router ends, and the next one takes them over; else they end with it.',
        { default: SWAP_GROUP.keep_serves },
      ),
    ),
    keepalive_after_seconds: optional(
      seconds(
        'While a model loads: streaming callers get 200 and keepalives after so long, whatever `[router.hold]` says.',
        {
          default: SWAP_GROUP.keepalive_after_seconds,
        },
      ),
    ),
  },
);

export const swapGroups = listOf('Who swaps models that share a GPU, one `[[router.swap_groups]]` each.', swapGroup, {
  default: [],
});
