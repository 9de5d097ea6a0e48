/** Which status would an error event have had as an HTTP reply, and what wait does it ask for? The words of all dialects. */
import { isObject, numberOf } from '#dialects/json';

/**
 * Types and codes by the status they stand for: Anthropic's error types, the codes of OpenAI's Chat and Responses errors
 * (`ResponseErrorCode`), and what vLLM, SGLang, llama.cpp and gateways call theirs. Letters and digits only, without a
 * final `error` or `exception`.
 */
const WORDS: readonly (readonly [status: number, words: string])[] = [
  [400, 'badrequest invalidrequest invalidargument invalidprompt invalidvalue unsupportedvalue unsupportedparameter'],
  [
    400,
    'invalidimage invalidimageformat invalidbase64image invalidimageurl invalidimagemode imagetoolarge imagetoosmall',
  ],
  [400, 'imageparse imagecontentpolicyviolation imagefiletoolarge unsupportedimagemediatype emptyimagefile'],
  [400, 'failedtodownloadimage imagefilenotfound'],
  [401, 'authentication unauthorized unauthenticated invalidapikey invalidkey'],
  [402, 'billing paymentrequired insufficientquota insufficientbalance insufficientcredits usagenotincluded'],
  [402, 'exceededcurrentquota billinghardlimitreached'],
  [403, 'permission permissiondenied forbidden accessdenied'],
  [404, 'notfound modelnotfound'],
  [408, 'timeout requesttimeout deadlineexceeded'],
  [413, 'requesttoolarge'],
  [422, 'unprocessableentity validation'],
  [429, 'ratelimit ratelimited ratelimitexceeded toomanyrequests resourceexhausted throttling throttled slowdown'],
  [500, 'server internal internalserver serverinternal api responsefailed failed'],
  [503, 'overloaded serverisoverloaded serveroverloaded engineoverloaded serviceunavailable unavailable'],
];

const STATUS_OF: ReadonlyMap<string, number> = new Map(
  WORDS.flatMap(([status, words]) => words.split(' ').map((word) => [word, status] as const)),
);

const HTTP_ERROR = /^[45]\d\d$/;

const statusOfWord = (word: string | undefined): number | undefined => {
  if (word === undefined) return undefined;
  if (HTTP_ERROR.test(word)) return Number(word);
  const letters = word.toLowerCase().replace(/[^a-z0-9]/g, '');
  return STATUS_OF.get(letters.replace(/(?:error|exception)$/, ''));
};

/** The HTTP status that an error of this code or type has elsewhere; undefined when neither is a known word. */
export const statusInWords = (error: {
  readonly code: string | undefined;
  readonly type: string | undefined;
}): number | undefined => statusOfWord(error.code) ?? statusOfWord(error.type);

const UNIT = 'hours?|h|milliseconds?|ms|minutes?|min|m|seconds?|sec|s';
/** "Please try again in 1m2.5s", "retry after 59 seconds". */
const WAIT = new RegExp(
  `\\b(?:try again|retry) (?:in|after) ((?:\\d+(?:\\.\\d+)? ?(?:${UNIT})\\b ?|\\d+(?:h|m)(?=\\d))+)`,
  'i',
);
const PIECE = new RegExp(`(\\d+(?:\\.\\d+)?) ?(${UNIT})`, 'gi');

const unitMs = (unit: string): number => {
  const word = unit.toLowerCase();
  if (word.startsWith('h')) return 3_600_000;
  if (word.startsWith('mil') || word === 'ms') return 1;
  return word.startsWith('m') ? 60_000 : 1_000;
};

/** Members that gateways put beside the message, in units of so many milliseconds. */
const MEMBERS: readonly (readonly [name: string, ms: number])[] = [
  ['retry_after_ms', 1],
  ['retry_after_seconds', 1_000],
  ['retry_after', 1_000],
];

/**
 * Milliseconds that an error event asks to be left alone for: a member of the error, or what its message says, which is
 * how OpenAI tells it. Undefined when it names no wait.
 * @param message at most 1,000 characters
 */
export const waitInWords = (error: unknown, message: string): number | undefined => {
  for (const [name, ms] of isObject(error) ? MEMBERS : []) {
    const told = isObject(error) ? numberOf(error[name]) : undefined;
    if (told !== undefined && told >= 0) return told * ms;
  }
  const [, told] = WAIT.exec(message) ?? [];
  if (told === undefined) return undefined;
  let sum = 0;
  for (const [, count, unit] of told.matchAll(PIECE)) sum += Number(count) * unitMs(unit ?? '');
  return Math.round(sum);
};
