import { openHouse } from '#tests/multiplexer/house';
import { schedule } from '#core/swap-policy';
const count=10, resident=1;
const names = Array.from({ length: count }, (_, index) => `m${index}`);
const house = await openHouse({ models: names.map((name) => ({ name, vramMib: 1000 })), gpus: [{ id: '0', vramMib: 1000 * resident }], settings: { queueMax: 1000 } });
const h = house.ask('m0');
await house.clock.advance(10_000);
console.log(h.word);
let t = performance.now();
for (let i = 0; i < 40; i++) { house.ask(names[1 + (i % 9)]!); if (i%5===4) { const n = performance.now(); console.log(i, ((n - t)/5).toFixed(2), 'ms'); t = n; } }
await house.clock.advance(0);
console.log(house.stateOf('m0'), house.multiplexer.status().waiting);
t = performance.now();
for (let i = 40; i < 250; i++) { house.ask(names[1 + (i % 9)]!); if (i%30===29) { const n = performance.now(); console.log(i, ((n - t)/30).toFixed(2), 'ms'); t = n; } }
await house.clock.advance(0);
console.log(house.stateOf('m0'), house.multiplexer.status().waiting, performance.now()-t);
t = performance.now();
for (let i = 0; i < 5; i++) house.multiplexer.estimate('m0');
console.log('est', (performance.now()-t)/5); t = performance.now();
for (let i = 0; i < 5; i++) house.multiplexer.estimate('m1');
console.log('est m1', (performance.now()-t)/5); t = performance.now();
for (let i = 0; i < 5; i++) house.multiplexer.status();
console.log('status', (performance.now()-t)/5); t = performance.now();
const a = house.ask('m0'); console.log('ask', performance.now()-t); t = performance.now();
await Promise.resolve(); await Promise.resolve(); await Promise.resolve();
console.log(a.word, performance.now()-t);
