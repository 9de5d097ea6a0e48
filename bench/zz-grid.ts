import { SWAP_DEFAULTS } from '#core/swap-defaults';
import { measure } from './swap-measure';
import { TRACE_NAMES } from './swap-traces';
const base = new Map(TRACE_NAMES.map((t)=>[t,measure(t,'llama-swap')]));
for (const worth of [1,1.5,2,3]) for (const lingerMs of [2000,3000,4000,6000]) for (const minR of [2000,5000,10000]) {
  let s=0,p=0,m=0,th=0,cut=0,ref=0; 
  for (const t of TRACE_NAMES){ const o=measure(t,'ours',{...SWAP_DEFAULTS,worth,lingerMs},minR); const b=base.get(t)!; s+=Math.log(o.swapsPer100/b.swapsPer100); p+=Math.log(o.waitP95Ms/b.waitP95Ms); m+=Math.log(o.waitMaxMs/b.waitMaxMs); th+=Math.log(o.servedPerMinute/b.servedPerMinute);cut+=o.cut;ref+=o.refused;}
  const n=TRACE_NAMES.length; console.log(`worth ${worth} linger ${lingerMs} minR ${minR}: swaps ${Math.exp(s/n).toFixed(3)} p95 ${Math.exp(p/n).toFixed(3)} max ${Math.exp(m/n).toFixed(3)} thr ${Math.exp(th/n).toFixed(3)} cut ${cut} ref ${ref}`);
}
