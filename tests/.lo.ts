import pino from 'pino';
const mode=process.argv[2];
const d=pino.destination({fd:1,sync:false,maxLength:1<<20}); let drops=0,errs=0; d.on('drop',()=>drops++); d.on('error',(e:any)=>{errs++; if(errs<3)process.stderr.write('err '+e.code+'\n')});
const line='x'.repeat(200)+'\n';
const N=Number(process.argv[3]);
let worst=0; 
for(let r=0;r<20;r++){ const a=performance.now(); for(let i=0;i<N/20;i++) d.write(line); await new Promise(r=>setTimeout(r,5)); worst=Math.max(worst,performance.now()-a); }
process.stderr.write(`done drops ${drops} errs ${errs} worst turn ${worst.toFixed(1)}\n`);
if(mode==='flush'){ try{d.flushSync()}catch(e:any){process.stderr.write('flush '+e.code+' '+e.message+'\n')} process.stderr.write('flushed\n'); }
process.exit(0);
