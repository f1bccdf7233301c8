// Calls the exports of the addon with random arguments.
import {
  anyPath,
  attempt,
  calls,
  finish,
  functions,
  handles,
  random,
  returned,
  samplesOf,
} from './setup.js';
import { anyMemory, anyNumber, anyValue } from './values.js';

function argument(): unknown {
  switch (random.below(7)) {
    case 0:
    case 1:
      return random.pick(handles);
    case 2:
      return random.pick(returned.length > 0 ? returned : handles);
    case 3:
      return anyMemory(random);
    case 4:
      return anyNumber(random);
    case 5:
      return anyPath();
    default:
      return anyValue(random);
  }
}

/** The arguments of a call by the library, with some replaced; or random ones. */
function argumentsFor(name: string): unknown[] {
  const known = samplesOf(name);
  if (known.length === 0 || random.once(3))
    return Array.from({ length: random.below(9) }, argument);
  const args = [...random.pick(known)];
  const isOfHandle = typeof args[0] === 'number';
  if (isOfHandle && !random.once(8)) args[0] = random.pick(handles);
  while (random.once(8)) args.push(argument());
  for (let changes = random.below(3); changes > 0 && args.length > 0; --changes) {
    args[random.below(args.length)] = argument();
  }
  return args;
}

for (let index = 0; index < calls; ++index) {
  const [name, call] = random.pick(functions);
  await attempt(name, call, argumentsFor(name));
}
await finish();
