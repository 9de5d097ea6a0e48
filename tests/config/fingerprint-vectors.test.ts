/** Do fingerprints equal those that profiles measured by v0.9 carry? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Mode } from '#config/schema';
import { type CanonicalValue, canonicalIdentity, canonicalJson, fingerprint, pythonFloat } from '#core/fingerprint';
import { fixture, settingsOf, sha256, shipped, tierOf } from '#tests/config/support';

interface Vector {
  readonly tier: string;
  readonly text: () => Promise<string>;
  readonly mode?: Mode;
  readonly digest: string;
}

const withThinkingOff = async (): Promise<string> => {
  const text = await fixture('v09-example.toml');
  const line = 'model         = "gpt-oss-20b"';
  return text.replace(line, `${line}\nextra_body = { chat_template_kwargs = { enable_thinking = false } }`);
};

const example = () => fixture('v09-example.toml');
const flexible = () => fixture('fakoli-dark-flexibility.toml');

const VECTORS: readonly Vector[] = [
  { tier: 'fast-local', text: example, digest: '08f2287340ca9a7a1f02cfa8316723d05400385683ce5f3d408985a52e8a6651' },
  {
    tier: 'fast-local',
    text: example,
    mode: 'agentic',
    digest: 'd2534c2ac1de4280eaf9a6510cbb0c54fb637776709c7a43b3720e8d581c14d8',
  },
  {
    tier: 'fast-local',
    text: example,
    mode: 'flexibility',
    digest: '72a9ac037435677c75caf51b0d185be108de4e7f358d37f8858e36999af962d1',
  },
  {
    tier: 'fast-local',
    text: withThinkingOff,
    digest: '128165f7011be02add815a9317212e127106f69803830823e8a84ec32fbb0530',
  },
  { tier: 'heavy-local', text: example, digest: '0ac420db49e6bc60e74320276151711ead348ad5847d69a5b47ff41afaa1a9af' },
  {
    tier: 'cloud',
    text: () => fixture('v09-example-with-cloud.toml'),
    digest: '57b169e799d740e3d2652c7a1522fd78b7e7aff6aa2027dc5474b5355970f4f8',
  },
  {
    tier: 'specialist-vllm',
    text: () => fixture('v09-example-flexibility.toml'),
    digest: '0c004b527534d50988a036214d87e0ab5745b7d3f6222f6a2f7d52c6e56acf11',
  },
  {
    tier: 'flex-gptoss-120b',
    text: flexible,
    digest: 'b700cfacc8cca2d59896092182dcb70b02c304a0c7e9c799e8b87b9d8cb7102d',
  },
  {
    tier: 'flex-gptoss-120b',
    text: flexible,
    mode: 'flexibility',
    digest: '86a4b8c4ec49b00b712a68b5bf597d6148321ca1b5d6fcc8b5b43a5b14410c29',
  },
];

describe('fingerprints of v0.9', () => {
  test.each(VECTORS.map((vector) => [vector.tier, vector.mode ?? 'no mode', vector] as const))(
    '%s in %s has the digest that v0.9 gives it',
    async (_tier, _mode, { tier, text, mode, digest }) => {
      const settings = settingsOf(await text(), mode === undefined ? {} : { mode });
      expect(tierOf(settings, tier).fingerprint).toBe(digest);
    },
  );

  test('the shipped examples keep the identity of their tiers', async () => {
    const settings = settingsOf(await shipped('example.toml'));
    expect(tierOf(settings, 'fast-local').fingerprint).toStartWith('08f2287340ca');
    expect(tierOf(settings, 'heavy-local').fingerprint).toStartWith('0ac420db49e6');
    const cloud = tierOf(settingsOf(await shipped('example-with-cloud.toml')), 'cloud');
    expect(cloud.fingerprint).toStartWith('57b169e799d7');
    const flexibility = settingsOf(await shipped('example-flexibility.toml'));
    expect(tierOf(flexibility, 'specialist-vllm').fingerprint).toStartWith('0c004b527534');
  });
});

describe('the text that is digested', () => {
  const identity = {
    tierId: 'fast-local',
    model: 'gpt-oss-20b',
    endpoint: 'http://127.0.0.1:30001/v1',
    dialect: 'openai-chat',
    contextLimit: 32768,
  } as const;

  test('is compact, sorted by key and leaves absent fields out', () => {
    expect(canonicalIdentity(identity)).toBe(
      '{"identity":{"context_limit":32768,"dialect":"openai","endpoint":"http://127.0.0.1:30001/v1",' +
        '"model":"gpt-oss-20b","tier_id":"fast-local"},"schema":"anvil-serving.router.fingerprint/v1"}',
    );
  });

  test('names the mode only where one is active', () => {
    expect(canonicalIdentity({ ...identity, mode: 'agentic' })).toContain('"mode":"agentic","model"');
  });

  test('tells an integer from a float of the same value', () => {
    const of = (params: CanonicalValue) => fingerprint({ ...identity, params }, sha256);
    expect(of({ limit: 90n })).not.toBe(of({ limit: 90 }));
    expect(canonicalJson({ limit: 90n })).toBe('{"limit":90}');
    expect(canonicalJson({ limit: 90 })).toBe('{"limit":90.0}');
  });

  test('escapes everything beyond ASCII and sorts keys by code point', () => {
    expect(canonicalJson('é\u0001"\\😀')).toBe('"\\u00e9\\u0001\\"\\\\\\ud83d\\ude00"');
    expect(canonicalJson({ '😀': 1n, '\uffff': 2n, a: 3n })).toBe('{"a":3,"\\uffff":2,"\\ud83d\\ude00":1}');
    expect(canonicalJson({ ab: 1n, a: 2n })).toBe('{"a":2,"ab":1}');
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.bigInt()), (table) => {
        const reversed = Object.fromEntries(Object.entries(table).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(table));
      }),
    );
  });

  test('is JSON with the same meaning', () => {
    const value = fc.letrec<{ node: CanonicalValue }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie('node')),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('node')),
      ),
    })).node;
    const numbers = (_key: string, member: unknown) => (typeof member === 'bigint' ? Number(member) : member);
    fc.assert(
      fc.property(value, (original) => {
        const text = canonicalJson(original);
        expect(text).toMatch(/^[ -\x7f]*$/);
        expect(JSON.parse(JSON.stringify(JSON.parse(text)))).toEqual(JSON.parse(JSON.stringify(original, numbers)));
      }),
    );
  });
});

describe('floats', () => {
  test.each([
    [90, '90.0'],
    [0.7, '0.7'],
    [0.9, '0.9'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [1.25e-7, '1.25e-07'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1.5e300, '1.5e+300'],
    [5e-324, '5e-324'],
    [-2.5, '-2.5'],
    [0, '0.0'],
    [-0, '-0.0'],
  ])('%p is written %s', (value, text) => {
    expect(pythonFloat(value)).toBe(text);
  });

  test('read back as the same number and always look like floats', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = pythonFloat(value);
        expect(Object.is(Number(text), value)).toBe(true);
        expect(text).toMatch(/[.e]/);
      }),
    );
  });
});
