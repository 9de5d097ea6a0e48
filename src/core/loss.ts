/** What does it mean that a request field cannot be carried to a tier? One table: harmless, noted, or no tier for it. */

/**
 * - `harmless`: transport, marks and hints; the answer is the same without it. Not even recorded.
 * - `noted`: the tier answers the same question with less help or less freedom; named in the decision record.
 * - `hard`: without it the tier would answer another question. Such a tier is passed over, and when no other is left the
 *   caller gets a 400 that names the field.
 */
export type LossWeight = 'harmless' | 'noted' | 'hard';

export interface LossRule {
  /** A loss name as dialects report it; a `*` at its end stands for any rest. */
  readonly name: string;
  readonly weight: LossWeight;
  /** What becomes of the field. */
  readonly fate: string;
}

const HARMLESS = 'transport or bookkeeping; the answer does not depend on it';
const MARKS = 'cache marks of a service that has them; the others cache by themselves';
const NO_CONTENT_FORM = 'content without a form in the other dialect, or known to the sender alone';
const NO_ANSWER_FORM = "part of an answer that the caller's dialect has no form for; the rest remains";
const SOURCES = 'where a text came from; the text itself remains';
const HOSTED_HISTORY = 'told to the model in words';
const HOSTED_PAST = 'what a tool at the provider did earlier; the words of the answer remain';
const HOSTED = 'a tool that runs at the provider; the other tools remain';
const PROOF = 'sealed thinking goes back to the dialect it came from, and to no other';
const SAMPLING = 'the tier has no such field, or refuses it beside others; its own default applies';

/** The first rows whose name matches exactly count, then the longest one with a `*`. */
export const LOSS_RULES: readonly LossRule[] = [
  // ---- top-level fields
  { name: '*', weight: 'noted', fate: 'a top-level field unknown to the table' },
  { name: 'and-more', weight: 'hard', fate: 'more fields than are counted; the rest is not known' },
  { name: 'cache_control', weight: 'harmless', fate: MARKS },
  { name: 'client_metadata', weight: 'harmless', fate: HARMLESS },
  { name: 'inference_geo', weight: 'harmless', fate: HARMLESS },
  { name: 'prompt_cache_key', weight: 'harmless', fate: HARMLESS },
  { name: 'prompt_cache_retention', weight: 'harmless', fate: HARMLESS },
  { name: 'safety_identifier', weight: 'harmless', fate: HARMLESS },
  { name: 'service_tier', weight: 'harmless', fate: HARMLESS },
  { name: 'speed', weight: 'harmless', fate: HARMLESS },
  { name: 'store', weight: 'harmless', fate: 'nothing is stored here, whatever it says' },
  { name: 'include.*', weight: 'noted', fate: 'more detail beside the answer, which only the same dialect can carry' },
  {
    name: 'truncation',
    weight: 'noted',
    fate: 'old turns are never left out here; a prompt too long is refused or goes to a larger tier',
  },
  { name: 'verbosity', weight: 'noted', fate: 'length of the answer, for which other dialects have no field' },
  { name: 'text.verbosity', weight: 'noted', fate: 'length of the answer, for which other dialects have no field' },
  { name: 'prompt', weight: 'hard', fate: 'a prompt stored at the provider' },
  { name: 'prediction', weight: 'harmless', fate: 'speeds up the tier that knows it; the answer is the same' },
  { name: 'metadata', weight: 'noted', fate: 'names the caller; kept from tiers unless their `forward` lists it' },
  { name: 'user', weight: 'noted', fate: 'names the caller; kept from tiers unless their `forward` lists it' },
  { name: 'seed', weight: 'noted', fate: 'steers sampling unseen; kept from tiers unless their `forward` lists it' },
  {
    name: 'logit_bias',
    weight: 'noted',
    fate: 'steers sampling unseen; kept from tiers unless their `forward` lists it',
  },
  { name: 'logprobs', weight: 'noted', fate: 'numbers beside the answer, which only the same dialect can carry' },
  { name: 'top_logprobs', weight: 'noted', fate: 'numbers beside the answer, which only the same dialect can carry' },
  { name: 'temperature', weight: 'noted', fate: SAMPLING },
  { name: 'top_p', weight: 'noted', fate: SAMPLING },
  { name: 'top_k', weight: 'noted', fate: SAMPLING },
  { name: 'presence_penalty', weight: 'noted', fate: SAMPLING },
  { name: 'frequency_penalty', weight: 'noted', fate: SAMPLING },
  { name: 'stop', weight: 'hard', fate: 'stop texts end the answer; without them it would run on' },
  { name: 'stop.blank', weight: 'noted', fate: 'stop texts of white space alone, which Anthropic refuses' },
  { name: 'thinking', weight: 'noted', fate: 'the tier thinks as it does unasked' },
  { name: 'reasoning.*', weight: 'noted', fate: 'how earlier reasoning is used; the tier does as it does unasked' },
  { name: 'thinking.display', weight: 'harmless', fate: 'how much thinking is shown, not how much is thought' },
  {
    name: 'output_config.effort',
    weight: 'noted',
    fate: 'effort without thinking, for which only Messages has a field',
  },
  { name: 'context_management', weight: 'noted', fate: 'edits of old turns by the service; the turns go as they are' },
  { name: 'mcp_servers', weight: 'noted', fate: HOSTED },
  { name: 'web_search_options', weight: 'noted', fate: HOSTED },
  { name: 'container', weight: 'noted', fate: HOSTED },
  { name: 'n', weight: 'hard', fate: 'several answers to one request; only one is judged and translated' },
  { name: 'audio', weight: 'hard', fate: 'a spoken answer' },
  { name: 'modalities', weight: 'hard', fate: 'an answer in anything but text' },
  { name: 'functions', weight: 'hard', fate: 'tools in the form that Chat gave up in 2023' },
  { name: 'function_call', weight: 'hard', fate: 'tool choice in the form that Chat gave up in 2023' },
  { name: 'safeguards', weight: 'hard', fate: 'checks that the client relies on' },

  // ---- structured output, tools and tool choice
  { name: 'response_format', weight: 'hard', fate: 'an output format in a form nobody here knows' },
  { name: 'response_format.json_object', weight: 'noted', fate: 'asked of the tier in words' },
  { name: 'response_format.name', weight: 'harmless', fate: 'a label of the schema' },
  { name: 'response_format.description', weight: 'harmless', fate: 'a label of the schema' },
  { name: 'output_config.format', weight: 'hard', fate: 'an output format in a form nobody here knows' },
  { name: 'text.format', weight: 'hard', fate: 'an output format in a form nobody here knows' },
  { name: 'text.format.description', weight: 'harmless', fate: 'a label of the schema' },
  { name: 'tool_choice.tools', weight: 'noted', fate: 'of the tools allowed, those that run at the provider' },
  {
    name: 'tool_choice',
    weight: 'hard',
    fate: 'a forced tool that the tier cannot be offered, or a choice in an unknown form',
  },
  { name: 'tools.*', weight: 'noted', fate: HOSTED },
  { name: 'tools.custom', weight: 'hard', fate: "a tool of the caller's own in a form that the tier's dialect lacks" },
  { name: 'tools.entry', weight: 'hard', fate: 'a tool without a name' },
  { name: 'tools.deferred', weight: 'noted', fate: 'offered once the conversation names the tool' },
  { name: 'tools.format', weight: 'noted', fate: 'the grammar of a free-form tool, told in its description' },
  { name: 'tools.defer_loading', weight: 'noted', fate: 'offered at once' },
  { name: 'tools.strict', weight: 'noted', fate: 'arguments are checked against the schema here instead' },
  { name: 'tools.cache_control', weight: 'harmless', fate: MARKS },

  // ---- what was said
  { name: 'messages.*', weight: 'hard', fate: NO_CONTENT_FORM },
  { name: 'messages.role', weight: 'hard', fate: 'a role nobody here knows' },
  { name: 'messages.document.url', weight: 'hard', fate: 'a document by address, which Chat cannot fetch' },
  { name: 'messages.document.content', weight: 'hard', fate: 'pictures within a document made of blocks' },
  { name: 'messages.system.media', weight: 'hard', fate: 'a picture or document in an instruction' },
  { name: 'messages.name', weight: 'harmless', fate: 'who of several users speaks; no measured client sends it' },
  {
    name: 'messages.opening',
    weight: 'noted',
    fate: 'a conversation that the assistant opens gets a user turn in front',
  },
  { name: 'messages.citations', weight: 'noted', fate: 'where a text came from; the text itself remains' },
  { name: 'messages.image_url.detail', weight: 'harmless', fate: 'how finely a picture is cut up' },
  { name: 'messages.audio', weight: 'noted', fate: 'a pointer to an earlier spoken answer' },
  { name: 'messages.reasoning_details', weight: 'noted', fate: PROOF },
  { name: 'messages.redacted_thinking', weight: 'noted', fate: PROOF },
  { name: 'messages.thinking', weight: 'noted', fate: 'earlier thinking that the tier would refuse or ignore' },
  { name: 'messages.thinking.signature', weight: 'noted', fate: PROOF },
  {
    name: 'messages.tool_calls.arguments',
    weight: 'noted',
    fate: 'arguments that are no object travel as text under `__raw_arguments`',
  },
  {
    name: 'messages.tool_calls.type',
    weight: 'noted',
    fate: "an earlier custom call; its input travels as the call's arguments",
  },
  { name: 'messages.tool_reference', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.tool_addition', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.tool_removal', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.server_tool_use', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.mcp_tool_use', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.web_search_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.web_fetch_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.code_execution_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.bash_code_execution_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.text_editor_code_execution_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.tool_search_tool_result', weight: 'noted', fate: HOSTED_HISTORY },
  { name: 'messages.mcp_tool_result', weight: 'noted', fate: HOSTED_HISTORY },

  // ---- what was answered
  { name: 'answer.*', weight: 'noted', fate: NO_ANSWER_FORM },
  { name: 'answer.annotations', weight: 'noted', fate: SOURCES },
  { name: 'answer.citations', weight: 'noted', fate: SOURCES },
  {
    name: 'answer.logprobs',
    weight: 'noted',
    fate: 'numbers beside the answer, which only the same dialect can carry',
  },
  { name: 'answer.choices', weight: 'noted', fate: 'further answers; the first one is told' },

  // ---- what was said, in Responses
  { name: 'input.*', weight: 'hard', fate: NO_CONTENT_FORM },
  { name: 'input.role', weight: 'hard', fate: 'a role nobody here knows' },
  { name: 'input.compaction', weight: 'hard', fate: 'history sealed by the provider, which no other tier can read' },
  { name: 'input.input_image.file_id', weight: 'hard', fate: 'a picture stored at the provider' },
  { name: 'input.input_file.file_id', weight: 'hard', fate: 'a document stored at the provider' },
  { name: 'input.input_audio', weight: 'hard', fate: 'a recording without its sound' },
  { name: 'input.item_reference', weight: 'noted', fate: 'a pointer into a store; nothing is stored here' },
  { name: 'input.reasoning', weight: 'noted', fate: 'earlier thinking that the tier would refuse or ignore' },
  { name: 'input.reasoning.encrypted_content', weight: 'noted', fate: PROOF },
  { name: 'input.annotations', weight: 'noted', fate: 'where a text came from; the text itself remains' },
  { name: 'input.web_search_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.file_search_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.code_interpreter_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.image_generation_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.mcp_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.mcp_list_tools', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.mcp_approval_request', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.mcp_approval_response', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.tool_search_call', weight: 'noted', fate: HOSTED_PAST },
  { name: 'input.tool_search_output', weight: 'noted', fate: HOSTED_PAST },
];

const EXACT: ReadonlyMap<string, LossRule> = new Map(LOSS_RULES.map((rule) => [rule.name, rule]));

const stemOf = ({ name }: LossRule): string => name.slice(0, -1);

/** Families of names, the longest first. */
const FAMILIES: readonly LossRule[] = LOSS_RULES.filter(({ name }) => name.endsWith('*')).sort(
  (one, other) => other.name.length - one.name.length,
);

/** The rule for a loss; every name has one. */
export const lossRule = (name: string): LossRule => {
  const rule = EXACT.get(name) ?? FAMILIES.find((family) => name.startsWith(stemOf(family)));
  if (!rule) throw new Error('the table of losses has no row for every name');
  return rule;
};

export const weightOf = (name: string): LossWeight => lossRule(name).weight;

/** The first loss that a tier must not be asked without; undefined when it may be asked. */
export const hardLoss = (losses: readonly string[]): string | undefined =>
  losses.find((name) => weightOf(name) === 'hard');

/** What the decision record says about losses. */
export const notedLosses = (losses: readonly string[]): readonly string[] =>
  losses.length === 0 ? losses : losses.filter((name) => weightOf(name) !== 'harmless');
