/** Says which packages are loaded after the metrics were created and used a little, but never scraped. */
import { createMetrics } from '#router/metrics';
import { sampleRecord } from '#tests/store/sample-record';

const metrics = createMetrics();
for (let count = 0; count < 100; count++) metrics.observe(sampleRecord());
const loaded = (): boolean => Object.keys(require.cache).some((path) => path.includes('prom-client'));
const before = loaded();
await metrics.render();
process.stdout.write(JSON.stringify({ before, after: loaded() }));
