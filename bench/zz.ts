import { measureCosts } from './swap-cost';
await measureCosts();
