/** Does a request use forms that only OpenAI's own service knows? Namespaces, free-form tools, and tools among the input. */
import type { JsonObject, ModelRequest } from '#core/message';
import type { Tier } from '#core/tier';
import { objectsOf, textOf } from '#dialects/json';
import { inputItems, isToolCarrier, itemType } from '#dialects/openai-responses/items';
import { responsesTierFacts } from '#dialects/openai-responses/tier-facts';
import { toolEntries } from '#dialects/openai-responses/tools';

/** Tools and items in which such a form shows, and the name by which a tier's `forward` says that it knows it. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ['namespace', 'namespace'],
  ['custom', 'custom'],
  ['custom_tool_call', 'custom'],
  ['custom_tool_call_output', 'custom'],
]);

const formOfItem = (item: JsonObject): string | undefined => {
  const type = itemType(item);
  if (isToolCarrier(item)) return type;
  return type === 'function_call' && textOf(item.namespace) !== undefined ? 'namespace' : FORMS.get(type);
};

/**
 * Whether a Responses tier knows every form of tool in the request. Other servers of the dialect know functions only: they
 * answer 400 to a namespace (llama.cpp), or leave a free-form tool out without a word. Such a tier is asked in the common
 * forms, as if the caller spoke another dialect, unless its `forward` names what it knows.
 */
export const knowsToolForms = (request: ModelRequest, tier: Tier): boolean => {
  if (responsesTierFacts(tier, tier.model ?? request.model).ownTools) return true;
  const known = (form: string | undefined): boolean => form === undefined || tier.forward.includes(form);
  return (
    objectsOf(toolEntries(request.raw)).every((tool) => known(FORMS.get(String(tool.type)))) &&
    inputItems(request.raw).every((item) => known(formOfItem(item)))
  );
};
