/** Does a container still match its declaration? The differences in words, without a value of any variable. */
import { environmentOf, type Made, SPEC_LABEL } from '#drivers/docker-spec';
import type { ContainerFacts } from '#platform/docker-engine';

/** Characters of an image id that tell it from others. */
const ID_CHARS = 19;

const sameTexts = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((text, index) => text === right[index]);

const shortId = (id: string): string => id.slice(0, ID_CHARS);

/** The same name may mean another image after a pull or a build. */
const imageDrift = (facts: ContainerFacts, declared: string, declaredId: string | undefined): string | undefined => {
  if (facts.image !== declared) return `image differs: ${facts.image} → ${declared}`;
  // An image that is gone by now cannot be started, so what runs is the best there is.
  if (declaredId === undefined || declaredId === facts.imageId) return undefined;
  return `image differs: ${declared} was ${shortId(facts.imageId)} → is ${shortId(declaredId)}`;
};

/** Names of variables that have another value, or none. Those that the image sets are not ours to compare. */
const environmentDrift = (facts: ContainerFacts, { serve, gpus, handed }: Made): string | undefined => {
  const running = new Set(facts.env);
  const wanted = Object.entries(environmentOf(serve, gpus, handed));
  const changed = wanted.filter(([name, value]) => !running.has(`${name}=${value}`)).map(([name]) => name);
  return changed.length === 0 ? undefined : `environment changed: ${changed.sort().join(', ')}`;
};

const portDrift = (facts: ContainerFacts, { serve }: Made): string | undefined => {
  const fits = facts.ports.some(
    ({ host, container, address }) =>
      host === serve.port && container === serve.launch.containerPort && address === '127.0.0.1',
  );
  if (fits) return undefined;
  const [first] = facts.ports;
  const published = first === undefined ? 'none' : `${first.address}:${first.host}`;
  return `port differs: ${published} → 127.0.0.1:${serve.port}`;
};

/**
 * What differs between a container of ours and its declaration; empty when it may be taken over. The label decides; the
 * words are found by comparing what the engine shows.
 * @param imageId what the declared image is now; undefined when it is not there
 */
export const driftOf = (facts: ContainerFacts, made: Made, imageId: string | undefined): readonly string[] => {
  const { launch } = made.serve;
  const image = imageDrift(facts, launch.image, imageId);
  const { container } = made.serve;
  const name = facts.name === container ? undefined : `name differs: ${facts.name} → ${container}`;
  if (facts.labels[SPEC_LABEL] === made.digest) return [name, image].filter((one) => one !== undefined);
  const found = [
    name,
    image,
    launch.entrypoint !== undefined && !sameTexts(facts.entrypoint, launch.entrypoint)
      ? 'entrypoint differs'
      : undefined,
    sameTexts(facts.args, launch.args) ? undefined : 'arguments differ',
    environmentDrift(facts, made),
    portDrift(facts, made),
  ].filter((one) => one !== undefined);
  return found.length > 0 ? found : ['declaration changed (volumes, shared memory, GPUs or variables taken away)'];
};
