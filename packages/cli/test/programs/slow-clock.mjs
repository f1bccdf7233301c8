// Makes the clock of `performance` run so fast that everything takes more than a second.
import { performance } from 'node:perf_hooks';

let now = 0;
Object.defineProperty(performance, 'now', {
  value: () => {
    now += 1500;
    return now;
  },
});
