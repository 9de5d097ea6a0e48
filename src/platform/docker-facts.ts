/** What does an answer of the Docker Engine say? Its JSON as the facts that we use; what is missing gets a harmless value. */
import type { ContainerFacts } from '#platform/docker-engine';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textsOf = (value: unknown): readonly string[] => listOf(value).filter((one) => typeof one === 'string');

const labelsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, text]) => [name, textOf(text)]));

/** The engine writes year 1 for "never". */
const momentOf = (value: unknown): number | undefined => {
  const at = Date.parse(textOf(value));
  return Number.isNaN(at) || at <= 0 ? undefined : at;
};

/** `{"8000/tcp":[{"HostIp":"127.0.0.1","HostPort":"30001"}]}` */
const portsOf = (value: unknown): ContainerFacts['ports'] =>
  Object.entries(fieldsOf(value)).flatMap(([name, bindings]) =>
    listOf(bindings).map((binding) => ({
      container: Number.parseInt(name, 10),
      host: Number(textOf(fieldsOf(binding).HostPort)),
      address: textOf(fieldsOf(binding).HostIp),
    })),
  );

/** Answer of `GET /containers/{id}/json`. */
export const containerFacts = (answer: unknown): ContainerFacts => {
  const all = fieldsOf(answer);
  const config = fieldsOf(all.Config);
  const state = fieldsOf(all.State);
  const host = fieldsOf(all.HostConfig);
  // Only a running container has its ports in the first place.
  const open = portsOf(fieldsOf(all.NetworkSettings).Ports);
  return {
    id: textOf(all.Id),
    name: textOf(all.Name).replace(/^\//, ''),
    status: textOf(state.Status),
    exitCode: numberOf(state.ExitCode),
    oomKilled: state.OOMKilled === true,
    restartCount: numberOf(all.RestartCount),
    startedAt: momentOf(state.StartedAt),
    image: textOf(config.Image),
    imageId: textOf(all.Image),
    labels: labelsOf(config.Labels),
    entrypoint: textsOf(config.Entrypoint),
    args: textsOf(config.Cmd),
    env: textsOf(config.Env),
    ports: open.length > 0 ? open : portsOf(host.PortBindings),
  };
};

/** Whether its log has no frames. */
export const hasTty = (answer: unknown): boolean => fieldsOf(fieldsOf(answer).Config).Tty === true;

/** Ids in an answer of `GET /containers/json`. */
export const listedIds = (answer: unknown): readonly string[] =>
  listOf(answer).map((container) => textOf(fieldsOf(container).Id));

/** Name of the container in an answer of `GET /containers/json` that publishes this port of the host. */
export const holderOf = (answer: unknown, port: number): string | undefined => {
  const holder = listOf(answer).find((container) =>
    listOf(fieldsOf(container).Ports).some((binding) => fieldsOf(binding).PublicPort === port),
  );
  return holder === undefined ? undefined : textsOf(fieldsOf(holder).Names)[0]?.replace(/^\//, '');
};

/** One field of an answer as text, such as `Id`; `''` when it is not there. */
export const textField = (answer: unknown, name: string): string => textOf(fieldsOf(answer)[name]);

/** One field of an answer as a number; undefined when it is not there. */
export const numberField = (answer: unknown, name: string): number | undefined => {
  const value = fieldsOf(answer)[name];
  return typeof value === 'number' ? value : undefined;
};
