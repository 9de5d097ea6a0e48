import { startTwoTiers, chatRequest } from '#tests/support/two-tiers';
import { rawConnection, rawRequest } from '#tests/server/raw';
import { plainAnswer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
const CHAT='/v1/chat/completions';
const wait=(ms:number)=>new Promise(r=>setTimeout(r,ms));
const two = await startTwoTiers({tables: '[router.limits]\nbody_bytes_max = 100000\nbody_read_seconds = 1\n'});
two.fast.always((r) => answerSteps('openai-chat', (r.json as any)?.stream===true, plainAnswer('Hello you.')));
const good = JSON.stringify(chatRequest({stream:false}));
const mem=()=>{Bun.gc(true); return (process.memoryUsage().rss/1e6|0)+'MB'};
console.log('start', mem());
const TO=(p:any)=>Promise.race([p,wait(4000).then(()=>'TIMEOUT')]) as any;
// 413 with 500MB streaming by length
{
  const c = await rawConnection(two.server.url);
  await c.send(rawRequest('POST',CHAT,{headers:['content-length: 500000000'],body:''}));
  const r = await c.response(); console.log(r?.status, mem());
  const big = Buffer.alloc(1<<20, 120);
  for (let i=0;i<476;i++) await TO(c.send(big));
  await TO(c.send(Buffer.alloc(500000000-476*(1<<20),120)));
  console.log('sent all', mem());
  await c.send(rawRequest('POST',CHAT,{body:good}));
  console.log('pipelined after', (await TO(c.response()))?.status, mem());
  await c[Symbol.asyncDispose]();
}
{
  const c = await rawConnection(two.server.url);
  await c.send(rawRequest('POST',CHAT,{headers:['transfer-encoding: chunked'],body:''}));
  const big = Buffer.alloc(1<<20, 120);
  const ch = Buffer.concat([Buffer.from('100000\r\n'), big, Buffer.from('\r\n')]);
  for (let i=0;i<300;i++) await TO(c.send(ch));
  console.log('chunked', (await TO(c.response()))?.status, mem());
  await c.send('0\r\n\r\n');
  await c.send(rawRequest('POST',CHAT,{body:good}));
  console.log('pipelined after', (await TO(c.response()))?.status, mem());
  await c[Symbol.asyncDispose]();
}
// fetch client with big body -> 413?
for (const size of [200_000, 50_000_000]) {
  try { const r = await fetch(two.server.url+CHAT,{method:'POST',body:'x'.repeat(size)}); console.log('fetch', size, r.status); } catch(e){ console.log('fetch err', e); }
}
// odd host on post
{
  const c = await rawConnection(two.server.url);
  await c.send('POST '+CHAT+' HTTP/1.1\r\nhost: a b%%/\r\ncontent-length: '+good.length+'\r\n\r\n'+good);
  const r = await TO(c.response()); console.log('odd host post', r?.status, r?.body.slice(0,100));
  await c[Symbol.asyncDispose]();
}
// events + drain
{
  const ev = await fetch(two.server.url+'/v1/events');
  const rd = ev.body!.getReader();
  console.log(new TextDecoder().decode((await rd.read()).value));
  console.log(new TextDecoder().decode((await rd.read()).value));
  const p = two.server.assembly.router.drain();
  console.log('drained', await p);
}
console.log(two.server.bugs);
process.exit(0);
