/** Which configuration puts the router in front of the engines that were found, and which of its values are guesses? */
import { isPresetName } from '#core/work-class';
import { bySize, type Found, type FoundEngine, type FoundModel, pickModels, sizeOf } from '#ops/discover-models';

/** Window of a model when the engine does not tell the one it serves. */
export const CONTEXT_ASSUMED = 32_768;
/** Engines that load a model when it is first asked for may need this long before the first byte. */
const LOADING_SECONDS = 180;
const LOADS_ON_DEMAND: ReadonlySet<string> = new Set(['ollama', 'lm-studio']);
/** Names that mean something to the shipped quality profile or to a reader, so no discovered tier may have them. */
const RESERVED: ReadonlySet<string> = new Set(['fast-local', 'heavy-local', 'cloud']);

/** One model at one endpoint, on its way to becoming a tier. */
export interface FoundTier {
  readonly id: string;
  readonly found: FoundEngine;
  readonly model: FoundModel;
  readonly contextLimit: number;
  /** How the window is known. */
  readonly contextFrom: 'served' | 'trained' | 'assumed';
}

const slugOf = (model: string): string => {
  const last = model.split('/').at(-1) ?? model;
  const slug = last
    .replace(/\.gguf$|:latest$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60);
  return slug === '' ? 'model' : slug;
};

/** A free name: the model's own, then with its engine, then numbered. */
const freeName = (model: FoundModel, found: FoundEngine, taken: ReadonlySet<string>): string => {
  const slug = slugOf(model.id);
  const named = `${slug}-${found.engine.replace('.', '-')}`;
  const isFree = (name: string): boolean => !taken.has(name) && !isPresetName(name) && !RESERVED.has(name);
  const numbered = Array.from({ length: taken.size + 1 }, (_, at) => `${named}-${at + 2}`);
  return [slug, named, ...numbered].find(isFree) ?? `${named}-${taken.size + 2}`;
};

const contextOf = (model: FoundModel): Pick<FoundTier, 'contextLimit' | 'contextFrom'> => {
  if (model.contextServed !== undefined) return { contextLimit: model.contextServed, contextFrom: 'served' };
  // What the model was made for is an upper bound only; engines serve less to save memory.
  return model.contextTrained !== undefined && model.contextTrained <= CONTEXT_ASSUMED
    ? { contextLimit: model.contextTrained, contextFrom: 'trained' }
    : { contextLimit: CONTEXT_ASSUMED, contextFrom: 'assumed' };
};

/** The tiers that discovery proposes, small before large; at most two per endpoint. */
export const foundTiers = (found: readonly Found[]): readonly FoundTier[] => {
  const chosen = found
    .filter((one) => one.outcome === 'engine')
    .flatMap((engine) => pickModels(engine.models).map((model) => ({ found: engine, model })))
    .toSorted((a, b) => bySize(a.model, b.model));
  const taken = new Set<string>();
  return chosen.map(({ found: engine, model }) => {
    const id = freeName(model, engine, taken);
    taken.add(id);
    return { id, found: engine, model, ...contextOf(model) };
  });
};

/** A TOML basic string: JSON's escapes are a subset of TOML's, but for DEL. */
const quoted = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f');
const list = (items: readonly string[]): string => `[${items.map(quoted).join(', ')}]`;

const CONTEXT_NOTES: Readonly<Record<FoundTier['contextFrom'], string>> = {
  served: 'as the engine says',
  trained: "the model's own; the engine does not say what it serves",
  assumed: 'ASSUMED: the engine does not say what it serves; correct it if its window is smaller',
};

const tierText = ({ id, found, model, contextLimit, contextFrom }: FoundTier): string => {
  const size = model.billions === undefined ? `size unknown, ranked as ${sizeOf(model)}b` : `${sizeText(model)}`;
  const loads = LOADS_ON_DEMAND.has(found.engine) && model.loaded !== true;
  return [
    `# ${found.engine} at ${found.origin}, ${size}`,
    '[[router.tiers]]',
    `id = ${quoted(id)}`,
    `base_url = ${quoted(`${found.origin}/v1`)}`,
    'dialect = "openai"',
    `model = ${quoted(model.id)}`,
    `context_limit = ${contextLimit} # ${CONTEXT_NOTES[contextFrom]}`,
    'privacy = "local"',
    `tool_support = ${model.tools ?? true}${model.tools === undefined ? ' # ASSUMED: the engine does not say' : ''}`,
    'auth_env = "ANVIL_LOCAL_KEY" # sent only if that variable is set',
    `engine = ${quoted(found.engine)}`,
    ...(model.quantization === undefined ? [] : [`quantization = ${quoted(model.quantization)}`]),
    ...(model.vision === undefined ? [] : [`input = ${list(model.vision ? ['text', 'image'] : ['text'])}`]),
    ...(loads
      ? ['', '[router.tiers.deadlines]', `first_byte_seconds = ${LOADING_SECONDS} # the engine loads it on demand`]
      : []),
  ].join('\n');
};

/** `0.5b`, `8b`, `30.5b` */
export const sizeText = (model: FoundModel): string =>
  model.billions === undefined ? 'size unknown' : `${Number(model.billions.toPrecision(3))}b`;

/** Work that needs the better models gets those of at least half the size of the largest. */
const HEAVY_SHARE_MIN = 0.5;

const presetsOf = (tiers: readonly FoundTier[]): string => {
  const all = tiers.map((tier) => tier.id);
  const largest = Math.max(...tiers.map((tier) => sizeOf(tier.model)));
  const heavy = tiers.filter((tier) => sizeOf(tier.model) >= largest * HEAVY_SHARE_MIN).map((tier) => tier.id);
  const widest = Math.max(...tiers.map((tier) => tier.contextLimit));
  const wide = tiers.filter((tier) => tier.contextLimit === widest).map((tier) => tier.id);
  return [
    '[router.presets]',
    '# Small before large: the first one is tried first, the next one when an answer fails its checks.',
    `chat = ${list(all)}`,
    `quick-edit = ${list(all)}`,
    `review = ${list(heavy)}`,
    `planning = ${list(heavy)}`,
    '# The widest windows.',
    `long-context = ${list(wide)}`,
  ].join('\n');
};

/** The models' own names lead to their tiers, so that a harness set up for the engine need not change its model. */
const aliasesOf = (tiers: readonly FoundTier[]): string => {
  const taken = new Set(tiers.map((tier) => tier.id.toLowerCase()));
  const lines: string[] = [];
  for (const { id, model } of tiers) {
    const name = model.id.toLowerCase();
    // The router strips outer blanks and a leading `anvil/` from what it is asked for.
    const askable = name.trim() === name && !/^anvil[/:]/.test(name);
    if (!askable || taken.has(name) || isPresetName(name)) continue;
    taken.add(name);
    lines.push(`${quoted(model.id)} = ${quoted(id)}`);
  }
  return lines.length === 0 ? '' : `\n[router.aliases]\n${lines.join('\n')}\n`;
};

/** The text of a configuration file for at least one tier. */
export const configText = (
  tiers: readonly FoundTier[],
): string => `# Written by discovery on this machine. Lines marked ASSUMED are guesses: correct them and keep the file.

[router]
mapping_version = "discovered.1"
# Nobody has measured these tiers, so their answers are checked before they leave instead of being refused.
when_unproven = "verify"

${tiers.map(tierText).join('\n\n')}

${presetsOf(tiers)}
${aliasesOf(tiers)}
[router.hold]
# Local models think long; a stream that is held back is kept alive.
keepalive_after_seconds = 15
keepalive_every_seconds = 10
`;
